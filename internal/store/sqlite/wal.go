package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The form of the write-ahead log: https://sqlite.org/fileformat2.html#the_write_ahead_log
const (
	walHeaderBytes   = 32
	frameHeaderBytes = 24
	walMagic         = 0x377f0682 // and 1 more where checksums are big-endian
)

// Position is a place in the log, behind one frame: which log it is, the frame's
// number, and the checksum of all up to it. A log that has it holds what was
// committed up to there, and nothing else.
type Position struct {
	Salt  [2]uint32 `json:"salt"` // made anew each time the log begins anew
	Frame uint32    `json:"frame"`
	Sum   [2]uint32 `json:"sum"`
}

// walHeader begins a log.
type walHeader struct {
	order    binary.ByteOrder // of what the checksums add
	pageSize int
	salt     [2]uint32
	sum      [2]uint32 // of the header, from which those of the frames go on
}

// parseWALHeader reads a log's first bytes; ok is false where there is no log.
func parseWALHeader(b []byte) (h walHeader, ok bool) {
	if len(b) < walHeaderBytes {
		return h, false
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	switch word(0) {
	case walMagic:
		h.order = binary.LittleEndian
	case walMagic + 1:
		h.order = binary.BigEndian
	default:
		return h, false
	}
	h.pageSize = int(word(2))
	h.salt = [2]uint32{word(4), word(5)}
	h.sum = [2]uint32{word(6), word(7)}
	return h, h.checksum([2]uint32{}, b[:24]) == h.sum && h.pageSize >= 512 && h.pageSize <= 65536
}

func (h *walHeader) frameBytes() int64 { return frameHeaderBytes + int64(h.pageSize) }

// end is where the log ends that has so many frames.
func (h *walHeader) end(frames uint32) int64 {
	return walHeaderBytes + int64(frames)*h.frameBytes()
}

func (h *walHeader) checksum(sum [2]uint32, data []byte) [2]uint32 {
	a, b := sum[0], sum[1]
	for ; len(data) >= 8; data = data[8:] {
		a += h.order.Uint32(data) + b
		b += h.order.Uint32(data[4:]) + a
	}
	return [2]uint32{a, b}
}

// frame is a page as a commit, or a part of one, has left it.
type frame struct {
	number uint32 // of the page
	pages  uint32 // in the database after the commit that this frame ends; 0: it goes on
	data   []byte
	sum    [2]uint32
}

// errFrame is a frame that is no part of the log.
var errFrame = errors.New("sqlite: a frame of the log does not fit")

// parse reads one frame, which goes on from a checksum.
func (h *walHeader) parse(b []byte, sum [2]uint32) (frame, error) {
	if int64(len(b)) < h.frameBytes() {
		return frame{}, fmt.Errorf("%w: it is cut short", errFrame)
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	f := frame{number: word(0), pages: word(1), data: b[frameHeaderBytes:h.frameBytes()]}
	if [2]uint32{word(2), word(3)} != h.salt {
		return frame{}, fmt.Errorf("%w: it is of another log", errFrame)
	}
	f.sum = h.checksum(h.checksum(sum, b[:8]), f.data)
	if f.sum != [2]uint32{word(4), word(5)} || f.number == 0 {
		return frame{}, fmt.Errorf("%w: its checksum is wrong", errFrame)
	}
	return f, nil
}
