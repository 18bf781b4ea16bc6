package stats

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// form is the first byte of a stored row. Another form gets another.
const form = 1

// encode writes figures as bytes: numbers as varints, of a histogram the buckets that
// hold something.
func encode(of map[string]*Figures, g Gauges) []byte {
	b := []byte{form}
	b = binary.AppendUvarint(b, uint64(max(g.Connections, 0)))
	b = binary.AppendUvarint(b, uint64(max(g.Database, 0)))
	b = binary.AppendUvarint(b, uint64(len(of)))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		f := of[name]
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
		for _, n := range []uint64{f.Count, f.ClientErrors, f.ServerErrors, f.Micros} {
			b = binary.AppendUvarint(b, n)
		}
		some := 0
		for _, n := range &f.times {
			if n > 0 {
				some++
			}
		}
		b = binary.AppendUvarint(b, uint64(some))
		for i, n := range &f.times {
			if n > 0 {
				b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(i)), n)
			}
		}
	}
	return b
}

// decode reads what encode wrote, and hands each operation's figures over: they are
// the callee's until it returns.
func decode(b []byte, each func(name string, f *Figures)) (Gauges, error) {
	d := decoder{b: b}
	if d.byte() != form {
		return Gauges{}, errors.New("stats: a row of another form")
	}
	g := Gauges{Connections: int(d.number()), Database: int64(d.number())}
	for n := d.number(); n > 0 && !d.bad; n-- {
		var f Figures
		name := d.text()
		f.Count, f.ClientErrors, f.ServerErrors, f.Micros = d.number(), d.number(), d.number(), d.number()
		for k := d.number(); k > 0 && !d.bad; k-- {
			i, count := d.number(), d.number()
			if i < buckets {
				f.times[i] += count
			}
		}
		if !d.bad {
			each(name, &f)
		}
	}
	if d.bad {
		return g, errors.New("stats: a row that ends early")
	}
	return g, nil
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) text() string {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
