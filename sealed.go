package webhookreceiver

import (
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// unseal verifies a body that is encrypted, of which what was encrypted becomes the event's
// data, and makes the answer that is to be encrypted, too.
func (h *Handler) unseal(req *request, coding string) (err error) {
	if err := h.decode(req, coding); err != nil {
		return unsigned(err)
	}
	message, err := h.signature.OpenData(&req.Request, req.body, h.verification, &req.lease)
	if err != nil {
		return err
	}
	req.Authentic = true
	if err := event.SetData(&req.event, message, h.signature.Sealed.MediaType, h.Accept); err != nil {
		return err
	}
	event.SetSent(&req.event, req.body, true)
	if req.replyType, req.replyBody, err = h.signature.Reply(&req.Request); err != nil {
		return outcome.Busy(err)
	}
	return nil
}
