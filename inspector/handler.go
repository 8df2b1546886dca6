package inspector

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// maxQuestion is how long the body of a request may be, in bytes.
const maxQuestion = 1 << 20

// route is what is at an address below api/.
type route struct {
	method string
	answer func(h *Handler, a *asked) (any, error) // the answer as JSON; nil: it was answered
}

// routes are the JSON that the page uses.
var routes = map[string]route{
	"state":    {http.MethodGet, (*Handler).state},
	"refused":  {http.MethodGet, (*Handler).refused},
	"attempts": {http.MethodGet, (*Handler).attempts},
	"stream":   {http.MethodGet, (*Handler).stream},
	"events":   {http.MethodPost, (*Handler).events},
	"event":    {http.MethodPost, (*Handler).event},
	"body":     {http.MethodPost, (*Handler).body},
	"act":      {http.MethodPost, (*Handler).act},
}

// asked is a request for JSON, of a user.
type asked struct {
	*http.Request
	w    http.ResponseWriter
	user string
}

// fault is an answer that says what is wrong, and what can be done about it.
type fault struct {
	Status int    `json:"-"`
	Text   string `json:"error"`
	Remedy string `json:"remedy,omitempty"`
}

func (f *fault) Error() string { return f.Text }

func failure(status int, text, remedy string) error { return &fault{status, text, remedy} }

// ServeHTTP answers every request that gets here: with the page, or with what it shows.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	setSecurity(w.Header())
	i := strings.LastIndex(r.URL.Path, "/api/")
	if i < 0 {
		return h.servePage(w, r)
	}
	of, ok := routes[r.URL.Path[i+len("/api/"):]]
	if !ok {
		return h.servePage(w, r)
	}
	value, err := h.answer(of, w, r)
	var f *fault
	switch {
	case errors.As(err, &f):
		writeJSON(w, f.Status, f)
	case err != nil && r.Context().Err() != nil: // nobody waits for it any more
	case err != nil:
		h.logger.Error("the inspector can't answer", zap.String("path", r.URL.Path), zap.Error(err))
		writeJSON(w, http.StatusInternalServerError, &fault{Text: err.Error()})
	case value != nil:
		writeJSON(w, http.StatusOK, value)
	}
	return nil
}

func (h *Handler) answer(of route, w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != of.method {
		w.Header().Set("Allow", of.method)
		return nil, failure(http.StatusMethodNotAllowed, "This takes "+of.method+".", "")
	}
	if err := checkOrigin(r); err != nil {
		return nil, err
	}
	user, err := h.userOf(r)
	if err != nil {
		return nil, err
	}
	return of.answer(h, &asked{r, w, user})
}

// read reads the question.
func (a *asked) read(into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(a.w, a.Body, maxQuestion))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return failure(http.StatusBadRequest, "The question is none: "+err.Error()+".", "")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // whose escapes keep it harmless wherever it gets
}
