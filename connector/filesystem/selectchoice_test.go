package filesystem

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// remote is a store at an endpoint.
type remote struct {
	objstore.Store
	endpoint string
}

func (r remote) Endpoint() string { return r.endpoint }

// TestChoice draws stores of which either way is the faster one: after a few ranges only that one is taken, whatever was known before.
func TestChoice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, k := &choice{}, &knowledge{}
		speed := [2]int64{rapid.Int64Range(1, 100).Draw(t, "GET"), rapid.Int64Range(1, 100).Draw(t, "SELECT")}
		for range rapid.IntRange(0, 2).Draw(t, "other scans") { // with other queries
			k.measured(&choice{}, byGet, 100, time.Duration(rapid.IntRange(100, 150).Draw(t, "GET before")))
			k.measured(&choice{}, bySelect, 100, time.Duration(rapid.IntRange(100, 150).Draw(t, "SELECT before")))
		}
		if speed[byGet] == speed[bySelect] {
			return // neither is
		}
		best := faster([2]rate{{bytes: speed[byGet], took: time.Second}, {bytes: speed[bySelect], took: time.Second}})
		var open []way
		worse := 0
		for range 30 {
			w := k.choose(c, 1<<20)
			if w != best {
				worse++
			}
			for open = append(open, w); len(open) > rapid.IntRange(0, 2).Draw(t, "at once"); open = open[1:] {
				k.measured(c, open[0], 1e9, time.Duration(1e9*1e9/(speed[open[0]]*1e6)))
			}
		}
		if worse > settled+2 {
			t.Errorf("%d of 30 ranges were read the slower way", worse)
		}
		if w := k.choose(c, 1<<20); w != best {
			t.Errorf("the slower way in the end")
		}
	})
}

// TestHopelessWay checks that the slower way is tried again by another scan, unless it is much slower.
func TestHopelessWay(t *testing.T) {
	for _, much := range []int{2, 3, 5, 100} {
		k, c := &knowledge{}, &choice{}
		k.measured(&choice{}, byGet, 1000, time.Second)
		k.measured(&choice{}, bySelect, 1000, time.Duration(much)*time.Second)
		tried := false
		for range 3 * settled {
			tried = tried || k.choose(c, 1<<20) == bySelect
		}
		if want := much < hopeless; tried != want {
			t.Errorf("a way that takes %d times as long was tried: %v", much, tried)
		}
	}
}

// TestUnknownStore checks what is done before anything was measured.
func TestUnknownStore(t *testing.T) {
	c, k := &choice{}, &knowledge{}
	if k.choose(c, maxTrial+1) != byGet {
		t.Error("a large range is tried")
	}
	c.begun = [2]int{}
	var got []way
	for range 6 {
		got = append(got, k.choose(c, 1<<20))
	}
	for i, want := range []way{bySelect, byGet, bySelect, byGet, byGet, byGet} {
		if got[i] != want {
			t.Fatalf("tried %v", got)
		}
	}
	k.learn(&objstore.Error{Kind: objstore.Unsupported, Reason: "what is that"})
	if c.last = k; k.choose(c, 1<<20) != byGet || !k.tried() {
		t.Error("a store is asked that has refused")
	}
	if why, _ := c.describe(); why != "what is that" {
		t.Errorf("explained as %q", why)
	}
	k.learn(errors.New("the network is down"))
	if k.choose(c, 1<<20) != byGet {
		t.Error("an error that says nothing of the store was taken for an answer")
	}
}

// TestEndpoints checks that what is known belongs to an endpoint and a format, for some time.
func TestEndpoints(t *testing.T) {
	a, b, c := remote{mem.New("x"), "http://" + t.Name() + "-a"}, remote{mem.New("y"), "http://" + t.Name() + "-a"}, remote{mem.New("x"), "http://" + t.Name() + "-c"}
	first, second := &choice{}, &choice{}
	k := first.at(a, objstore.SelectCSV)
	if second.at(b, objstore.SelectCSV) != k || second.at(c, objstore.SelectCSV) == k || second.at(a, objstore.SelectParquet) == k {
		t.Error("knowledge of an endpoint and format is not shared, or another one's is")
	}
	k.forgotAt = time.Now().Add(-time.Second)
	if second.at(a, objstore.SelectCSV) == k {
		t.Error("knowledge is kept for ever")
	}
	if own := first.at(mem.New("x"), objstore.SelectCSV); own == second.at(mem.New("x"), objstore.SelectCSV) || own != first.at(mem.New("x"), objstore.SelectCSV) {
		t.Error("knowledge of a store without an endpoint is shared between scans, or lost")
	}
}

// TestDescribeChoice checks what EXPLAIN says of measurements.
func TestDescribeChoice(t *testing.T) {
	c, k := &choice{}, &knowledge{}
	c.last = k
	k.measured(c, byGet, 100e6, time.Second)
	if why, measured := c.describe(); why != "" || measured != "" {
		t.Errorf("%q, %q", why, measured)
	}
	k.measured(c, bySelect, 200e6, time.Second)
	if why, measured := c.describe(); why != "" || !strings.Contains(measured, "SELECT 200 MB/s, by GET 100 MB/s") {
		t.Errorf("%q, %q", why, measured)
	}
	k.measured(c, bySelect, 0, 9*time.Second)
	if why, _ := c.describe(); !strings.Contains(why, "SELECT 20 MB/s, by GET 100 MB/s") {
		t.Errorf("%q", why)
	}
}
