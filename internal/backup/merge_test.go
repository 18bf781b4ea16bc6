package backup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

func (b *bench) merge(before time.Time) error {
	b.t.Helper()
	return merge(b.t.Context(), b.to, b.ship.seals, before)
}

// every so manyth moment is looked at after each step.
const every = 6

// TestMergedLogHasTheSameMoments: put together, once and again, with a snapshot in the
// middle and over a restart, a log is a few files and leads to every moment.
func TestMergedLogHasTheSameMoments(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	type moment struct {
		at   time.Time
		want string
	}
	var moments []moment
	want := ""
	add := func(n int) {
		for range n {
			x := fmt.Sprint(len(moments))
			want = strings.TrimSpace(want + " " + x)
			moments = append(moments, moment{b.add(x), want})
			b.step()
		}
	}
	all := func(files int) {
		t.Helper()
		for i := files % every; i < len(moments); i += every {
			b.want(moments[i].at.Add(time.Duration(i)*time.Millisecond), moments[i].want, "")
		}
		if got := len(b.files(logDir)); got != files {
			t.Errorf("%d files, not %d", got, files)
		}
	}
	round := func() {
		t.Helper()
		if err := b.merge(b.now.Add(-3 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	add(mergeLeast + 2)
	b.snapshot()
	add(3)
	made := len(b.files(logDir))
	round()
	all(made + 1) // beside those that it was made from
	round()
	all(4) // it, and the latest
	b.stop()
	if !b.start() {
		t.Error("the log does not go on")
	}
	add(2)
	round()
	all(6) // those are too few
	add(mergeLeast)
	round()
	round()
	all(4) // one of all but the last three
	if err := Prune(t.Context(), b.to, b.now.Add(-2*time.Second)); err != nil {
		t.Fatal(err)
	}
	b.want(time.Time{}, want, "")
	last := moments[len(moments)-2]
	b.want(last.at, last.want, "")
}

// TestMergeKeepsWhatIsDamaged: nothing is removed for a file that is not whole, nor put
// together across a gap.
func TestMergeKeepsWhatIsDamaged(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	for i := range 2*mergeLeast + 1 {
		b.add(fmt.Sprint(i))
		b.step()
	}
	shipped := b.files(logDir)
	gap := shipped[mergeLeast]
	if err := b.to.Delete(t.Context(), gap); err != nil {
		t.Fatal(err)
	}
	if err := b.merge(b.now); err != nil {
		t.Fatal(err)
	}
	var merged []string
	for _, name := range b.files(logDir) {
		if !slices.Contains(shipped, name) {
			merged = append(merged, name)
		}
	}
	if len(merged) != 2 {
		t.Fatalf("made %v", merged)
	}
	b.want(time.Time{}, "", fault.BackupGap)
	b.put(merged[0], flip(-40)(b.file(merged[0])))
	if err := b.merge(b.now); !fault.Is(err, fault.BackupDamaged) || !strings.Contains(err.Error(), merged[0]) {
		t.Errorf("got %v", err)
	}
	for _, name := range shipped[:mergeLeast] {
		if !slices.Contains(b.files(logDir), name) {
			t.Errorf("%s is gone", name)
		}
	}
}
