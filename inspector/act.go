package inspector

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// What can be done, beside status.DeliveryActions.
const (
	actAgain = "again" // sends an event once more
	actTest  = "test"  // sends a receiver a sample event
)

// action is what is to be done.
type action struct {
	Action   string `json:"action"`
	Receiver string `json:"receiver"`
	Delivery string `json:"delivery"`
	Key      string `json:"key"` // of an event
}

func (h *Handler) act(a *asked) (any, error) {
	var what action
	if err := a.read(&what); err != nil {
		return nil, err
	}
	if h.ReadOnly {
		return nil, failure(http.StatusForbidden, "Nothing can be done here.", "The config says read_only.")
	}
	v := h.view()
	if what.Action != actAgain && !v.shows(what.Receiver) { // an event tells its receiver itself
		return nil, failure(http.StatusNotFound, "There is no such receiver.", "")
	}
	// What was begun is done, also if the page is closed.
	ctx := context.WithoutCancel(a.Context())
	var result string
	var err error
	switch {
	case what.Action == actTest:
		result, err = status.Test(ctx, what.Receiver)
	case what.Action == actAgain:
		result, err = h.sendAgain(ctx, v, &what)
	case slices.Contains(status.DeliveryActions, what.Action):
		found := status.FindDeliveries(what.Receiver, what.Delivery)
		if len(found) == 0 {
			return nil, failure(http.StatusNotFound, "There is no such delivery.", "")
		}
		result, err = status.Act(ctx, found, what.Action)
	default:
		return nil, failure(http.StatusBadRequest, fmt.Sprintf("%s is no action.", expect.Quote(what.Action)), "")
	}
	fields := []zap.Field{zap.String("user", a.user), zap.String("action", what.Action), zap.String("receiver", what.Receiver), zap.String("delivery", what.Delivery), zap.String("result", result), zap.Error(err)}
	h.logger.Info("an action in the inspector", fields...)
	if _, ok := err.(*fault); ok {
		return nil, err
	}
	if err != nil {
		return nil, failure(http.StatusConflict, sentence(err.Error()), "")
	}
	return struct {
		Result string `json:"result"`
	}{sentence(result)}, nil
}

// sendAgain sends an event to an application once more.
func (h *Handler) sendAgain(ctx context.Context, v view, what *action) (string, error) {
	e, err := v.find(what.Key)
	if err != nil {
		return "", err
	}
	what.Receiver = e.receiver
	for _, d := range status.DeliveriesFrom(e.path, e.receiver) {
		if d.Report().Name != what.Delivery {
			continue
		}
		attempt, err := d.SendAgain(ctx, e.Text)
		switch {
		case err != nil:
			return "", err
		case !attempt.Taken:
			return "", fmt.Errorf("%s has not taken it after %d ms: %s", what.Delivery, attempt.Took, h.reason(attempt.Reason))
		}
		return fmt.Sprintf("%s has taken it: %d after %d ms", what.Delivery, attempt.Status, attempt.Took), nil
	}
	return "", failure(http.StatusNotFound, "There is no such delivery.", "")
}

// sentence makes a text one.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
