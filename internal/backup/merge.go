package backup

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// merge puts segments whose last commit was made before a moment together to larger ones,
// commit by commit, so that a log has fewer files and the same moments. Those that it has
// read from stay until the next round has found what they have become to be whole: who
// restores or verifies meanwhile finds what they began with.
func merge(ctx context.Context, t Target, seals *sealer, before time.Time) error {
	c, err := readCatalog(ctx, t)
	if err != nil {
		return err
	}
	var wrong error
	for _, log := range c.segments {
		if err := c.mergeLog(ctx, t, seals, log, before); err != nil {
			wrong = errors.Join(wrong, err)
		}
	}
	return wrong
}

func (c *catalog) mergeLog(ctx context.Context, t Target, seals *sealer, log []segmentID, before time.Time) error {
	var kept []segmentID
	whole := -1 // the last of kept that was found to be
	for _, seg := range log {
		last := len(kept) - 1
		if last < 0 || seg.Last > kept[last].Last {
			kept = append(kept, seg)
			continue
		}
		if whole < last {
			if _, err := readSegmentHead(ctx, t, seals.sealing, kept[last]); err != nil {
				return err
			}
			whole = last
		}
		if err := t.Delete(ctx, seg.name()); err != nil {
			return err
		}
	}
	for _, run := range c.runs(kept, before) {
		if err := mergeRun(ctx, t, seals, run); err != nil {
			return err
		}
	}
	return nil
}

// runs are the stretches of a log that are worth it to be one segment.
func (c *catalog) runs(log []segmentID, before time.Time) (runs [][]segmentID) {
	var run []segmentID
	size := int64(0)
	end := func() {
		if len(run) >= mergeLeast {
			runs = append(runs, run)
		}
		run, size = nil, 0
	}
	for _, seg := range log {
		if seg.At.After(before) {
			break
		}
		n := c.lengths[seg]
		if len(run) > 0 && seg.First != run[len(run)-1].Last+1 || size+n > mergeBytes {
			end()
		}
		if n <= mergeBytes/2 {
			run, size = append(run, seg), size+n
		}
	}
	end()
	return runs
}

func mergeRun(ctx context.Context, t Target, seals *sealer, run []segmentID) error {
	first, last := run[0], run[len(run)-1]
	id := segmentID{Log: first.Log, First: first.First, Last: last.Last, From: first.From, At: last.At}
	head, err := readSegmentHead(ctx, t, seals.sealing, last)
	if err != nil {
		return err
	}
	head.First = id.First
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return t.Put(ctx, id.name(), func(w io.Writer) error {
		return seals.seal(w, func(w io.Writer) error {
			out := bufio.NewWriterSize(w, 64<<10)
			out.Write(append(text, '\n'))
			for _, seg := range run {
				if err := copyCommits(ctx, t, seals.sealing, seg, head.PageSize, out); err != nil {
					return err
				}
			}
			return out.Flush()
		})
	})
}

// copyCommits writes a segment's commits without its head.
func copyCommits(ctx context.Context, t Target, s sealing, id segmentID, pageSize int, out io.Writer) error {
	return readSealed(ctx, t, s, id.name(), func(plain io.Reader) error {
		r := bufio.NewReaderSize(plain, 64<<10)
		var head segmentHead
		if err := checkHead(r, id, &head); err != nil {
			return err
		}
		if head.PageSize != pageSize {
			return fmt.Errorf("it has pages of %d bytes, and those after it of %d", head.PageSize, pageSize)
		}
		_, err := io.Copy(out, r)
		return err
	})
}
