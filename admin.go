package webhookreceiver

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func init() {
	caddy.RegisterModule(adminAPI{})
}

// adminAPI tells Caddy's admin endpoint, and so the commands, how receivers stand
// and what they have refused. It has no state: it outlives configs.
type adminAPI struct{}

// CaddyModule returns the Caddy module information.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.webhook_receiver",
		New: func() caddy.Module { return new(adminAPI) },
	}
}

// Routes returns the routes below /webhook_receiver.
func (adminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/webhook_receiver/status", Handler: caddy.AdminHandlerFunc(answerStatus)},
		{Pattern: "/webhook_receiver/refused", Handler: caddy.AdminHandlerFunc(answerRefused)},
	}
}

func answerStatus(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, func() (any, error) { return status.Now(), nil })
}

// answerRefused answers with the last refused requests, or, with the parameter
// after, those with a higher number. What was sent in them is for a Unix socket
// only, whose file has an owner and a mode: over TCP anybody on the machine can ask.
func answerRefused(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, func() (any, error) {
		var after uint64
		if value := r.URL.Query().Get("after"); value != "" {
			var err error
			if after, err = strconv.ParseUint(value, 10, 64); err != nil {
				return nil, caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: errors.New("after: must be a number")}
			}
		}
		last := status.LastRefused(after)
		if !isPrivate(r) {
			for i := range last {
				last[i] = last[i].WithoutContent()
			}
		}
		return struct {
			Started time.Time         `json:"started"`
			Private bool              `json:"private"` // with what was sent
			Refused []*status.Refused `json:"refused"`
		}{status.Started.UTC(), isPrivate(r), last}, nil
	})
}

// isPrivate tells whether the request came over a Unix socket that is a file.
// Linux has abstract ones, too, with neither owner nor mode.
func isPrivate(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix" && !strings.HasPrefix(local.String(), "@")
}

func answerJSON(w http.ResponseWriter, r *http.Request, answer func() (any, error)) error {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("method not allowed")}
	}
	value, err := answer()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// Interface guard
var _ caddy.AdminRouter = adminAPI{}
