package webhookreceiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func init() {
	caddy.RegisterModule(adminAPI{})
}

// adminAPI tells Caddy's admin endpoint, and so the commands, how receivers and
// deliveries stand and what was refused, and takes commands for deliveries. It has
// no state: it outlives configs.
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
		{Pattern: "/webhook_receiver/deliveries", Handler: caddy.AdminHandlerFunc(answerDeliveries)},
		{Pattern: "/webhook_receiver/learn/", Handler: caddy.AdminHandlerFunc(answerLearn)},
		{Pattern: "/webhook_receiver/deliveries/", Handler: caddy.AdminHandlerFunc(answerDeliveryAction)}, // and all below
	}
}

func answerStatus(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, http.MethodGet, func() (any, error) { return status.Now(), nil })
}

// answerRefused answers with the last refused requests, or, with the parameter
// after, those with a higher number. What was sent in them is for a Unix socket
// only, whose file has an owner and a mode: over TCP anybody on the machine can ask.
func answerRefused(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, http.MethodGet, func() (any, error) {
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

func answerDeliveries(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, http.MethodGet, func() (any, error) {
		return struct {
			Started    time.Time               `json:"started"`
			Deliveries []status.DeliveryReport `json:"deliveries"`
		}{status.Started.UTC(), status.Deliveries()}, nil
	})
}

// answerDeliveryAction does what the path says, below deliveries: <receiver>/<name>/<action>.
func answerDeliveryAction(w http.ResponseWriter, r *http.Request) error {
	return answerJSON(w, r, http.MethodPost, func() (any, error) {
		parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/webhook_receiver/deliveries/"), "/")
		if len(parts) != 3 || !slices.Contains(status.DeliveryActions, parts[2]) {
			return nil, notFound("this must be a path such as /webhook_receiver/deliveries/<receiver>/<name>/pause; instead of pause also %s", expect.OneOf(status.DeliveryActions[1:]))
		}
		found := status.FindDeliveries(parts[0], parts[1])
		if len(found) == 0 {
			var names []string
			for _, d := range status.Deliveries() {
				names = append(names, d.Receiver+"/"+d.Name)
			}
			if len(names) == 0 {
				return nil, notFound("there is no delivery in the config that runs")
			}
			return nil, notFound("there is no such delivery; there are: %s", strings.Join(slices.Compact(names), ", "))
		}
		result, err := status.Act(r.Context(), found, parts[2])
		if err != nil {
			return nil, caddy.APIError{HTTPStatus: http.StatusConflict, Err: err}
		}
		return struct {
			Result string `json:"result"`
		}{result}, nil
	})
}

func notFound(format string, args ...any) error {
	return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf(format, args...)}
}

// isPrivate tells whether the request came over a Unix socket that is a file.
// Linux has abstract ones, too, with neither owner nor mode.
func isPrivate(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix" && !strings.HasPrefix(local.String(), "@")
}

func answerJSON(w http.ResponseWriter, r *http.Request, method string, answer func() (any, error)) error {
	if r.Method != method {
		w.Header().Set("Allow", method)
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("method not allowed")}
	}
	if method != http.MethodGet && isFromAnotherSite(r) {
		return caddy.APIError{HTTPStatus: http.StatusForbidden, Err: errors.New("pages of other sites can't do this")}
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

// isFromAnotherSite tells whether a page of another site asks. Browsers say so themselves where
// the address is one that they trust, such as localhost; elsewhere they say only who asks.
func isFromAnotherSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// Interface guard
var _ caddy.AdminRouter = adminAPI{}
