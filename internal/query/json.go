package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/fault"
)

// MaxJSONDepth bounds how deep a body may nest, MaxJSONValues how many values
// it may hold.
const (
	MaxJSONDepth  = 64
	MaxJSONValues = 200_000
)

// DecodeJSON decodes one JSON value as the rooms expect input: objects as
// map[string]any, numbers as json.Number. Duplicate keys, invalid UTF-8, NUL
// bytes, trailing data and bodies beyond the limits are query/malformed.
func DecodeJSON(data []byte) (any, error) {
	d := &decoder{in: jsontext.NewDecoder(bytes.NewReader(data))}
	v, err := d.value()
	if err != nil {
		return nil, malformed(err)
	}
	if _, err := d.in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.QueryMalformed, "the body has more than one JSON value")
	}
	return v, nil
}

func malformed(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	e := fault.New(fault.QueryMalformed, "the body is not well-formed JSON")
	if errors.Is(err, jsontext.ErrDuplicateName) {
		e = fault.New(fault.QueryMalformed, "the body has the same key twice in one object")
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Message += " at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
		e = e.At(clip(strings.ReplaceAll(strings.Trim(string(syntactic.JSONPointer), "/"), "/", ".")))
	}
	return e.Because(err)
}

type decoder struct {
	in     *jsontext.Decoder
	values int
}

func (d *decoder) value() (any, error) {
	if d.values++; d.values > MaxJSONValues {
		return nil, fault.New(fault.QueryMalformed, "the body has more than %d values", MaxJSONValues)
	}
	if d.in.StackDepth() > MaxJSONDepth {
		return nil, fault.New(fault.QueryMalformed, "the body nests deeper than %d levels", MaxJSONDepth)
	}
	token, err := d.in.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return text(token)
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func text(token jsontext.Token) (string, error) {
	s := token.String()
	if strings.IndexByte(s, 0) >= 0 {
		return "", fault.New(fault.QueryMalformed, "a text has a NUL character in it")
	}
	return s, nil
}

func (d *decoder) object() (any, error) {
	object := make(map[string]any)
	for d.in.PeekKind() != '}' {
		token, err := d.in.ReadToken()
		if err != nil {
			return nil, err
		}
		key, err := text(token)
		if err != nil {
			return nil, err
		}
		if object[key], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.in.ReadToken()
	return object, err
}

func (d *decoder) array() (any, error) {
	array := []any{}
	for d.in.PeekKind() != ']' {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := d.in.ReadToken()
	return array, err
}
