package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"

	"github.com/loam-dev/loam/internal/fault"
)

// The parts of a stream: files, each under its name, and last what came of it.
const (
	partName = "Loam-Name"
	endPart  = "end"
)

// Stream is a target that sends what it is given to Receive.
type Stream struct{ parts *multipart.Writer }

// NewStream writes to w, in the media type multipart/mixed with Boundary.
func NewStream(w io.Writer) (*Stream, error) {
	s := &Stream{multipart.NewWriter(w)}
	return s, s.parts.SetBoundary(Boundary)
}

// Boundary is between the parts of a stream. What is sealed is 64 KiB of random bytes
// at a time: it is not in there.
const Boundary = "loam-backup-5f1a3c9be27d48069c0d"

// String names the target.
func (s *Stream) String() string { return "the command line" }

// Put sends a file.
func (s *Stream) Put(_ context.Context, name string, write func(io.Writer) error) error {
	w, err := s.parts.CreatePart(textproto.MIMEHeader{partName: {name}})
	if err != nil {
		return err
	}
	return write(w)
}

// Open, List and Delete are not for a stream.
func (s *Stream) Open(context.Context, string) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}

// List finds nothing.
func (s *Stream) List(context.Context, string) ([]Object, error) { return nil, nil }

// Delete does nothing.
func (s *Stream) Delete(context.Context, string) error { return nil }

// outcome is the last part of a stream.
type outcome struct {
	Manifest *Manifest  `json:"manifest,omitempty"`
	Code     fault.Code `json:"code,omitempty"`
	Detail   string     `json:"detail,omitempty"`
}

// End says what came of it: a snapshot, or an error, which can't be answered any
// other way once something was sent.
func (s *Stream) End(m *Manifest, err error) error {
	out := outcome{Manifest: m}
	if err != nil {
		e := fault.Of(err)
		out = outcome{Code: e.Code, Detail: e.Message}
	}
	w, err := s.parts.CreatePart(textproto.MIMEHeader{partName: {endPart}})
	if err == nil {
		err = json.NewEncoder(w).Encode(out)
	}
	return errors.Join(err, s.parts.Close())
}

// Receive puts what a Stream sends into a target, and returns the snapshot's manifest.
// Progress is told of what came; how much will is not known.
func Receive(ctx context.Context, r io.Reader, t Target, progress Progress) (*Manifest, error) {
	parts := multipart.NewReader(r, Boundary)
	names := newNames()
	var got int64
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return nil, brokenOff(err)
		}
		name := part.Header.Get(partName)
		if name == endPart {
			var out outcome
			if err := json.NewDecoder(io.LimitReader(part, manifestBytes)).Decode(&out); err != nil {
				return nil, brokenOff(err)
			}
			if out.Code != "" {
				return nil, fault.New(out.Code, "%s", out.Detail)
			}
			return out.Manifest, nil
		}
		if _, _, ok := names.parseSnapshot(name); !ok {
			return nil, brokenOff(fmt.Errorf("it sends a file %q", name))
		}
		err = t.Put(ctx, name, func(w io.Writer) error {
			_, err := io.Copy(w, &counted{part, func(n int) { got += int64(n); progress(got, 0) }})
			return err
		})
		if _, ours := isFault(err); err != nil && !ours && ctx.Err() == nil {
			return nil, brokenOff(err)
		}
		if err != nil {
			return nil, err
		}
	}
}

func brokenOff(err error) error {
	return fault.New(fault.BackupTarget, "the server broke off before the snapshot was whole; look at its log, and try again").Because(err)
}

type counted struct {
	io.Reader
	add func(int)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.add(n)
	return n, err
}
