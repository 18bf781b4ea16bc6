package httpapi

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
)

// document is a problem document, as of RFC 9457, with our members beside the
// standard's.
type document struct {
	Type    string     `json:"type"`
	Title   string     `json:"title"`
	Status  int        `json:"status"`
	Detail  string     `json:"detail"`
	Code    fault.Code `json:"code"`
	Field   string     `json:"field,omitempty"`
	Request string     `json:"requestId"`
}

func problem(e *fault.Error, requestID string) []byte {
	text, err := json.Marshal(document{
		Type:    "urn:loam:error:" + string(e.Code),
		Title:   http.StatusText(e.Status()),
		Status:  e.Status(),
		Detail:  e.Message,
		Code:    e.Code,
		Field:   e.Field,
		Request: requestID,
	})
	if err != nil {
		panic("httpapi: a problem document always encodes: " + err.Error())
	}
	return text
}
