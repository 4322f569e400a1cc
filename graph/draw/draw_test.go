package draw

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// example is a plan with a join and two sinks of one source.
func example() []Diagram {
	return []Diagram{{Title: "INSERT INTO a SELECT \"x\" FROM t WHERE b < 1 & c > 'ü'", Nodes: []Node{
		{ID: 0, Kind: Source, Name: "Scan(t)", Parallelism: 4, Details: []Detail{{"fields", "a, b"}}, Columns: []Column{{"a", "INT"}, {"b", "STRING"}}},
		{ID: 1, Kind: Source, Name: "Values", Parallelism: 1},
		{ID: 2, Kind: Operator, Name: "Join", Parallelism: 4, Details: []Detail{{"on", `a = b AND c < "d"`}}, Changes: "I,UB,UA,D",
			Inputs: []Input{{From: 0, Ship: "hash", Keys: []string{"a", "b"}}, {From: 1, Ship: "broadcast"}}},
		{ID: 3, Kind: Sink, Name: "Sink(a)", Parallelism: 4, Inputs: []Input{{From: 2, Ship: "forward", Chained: true}}},
		{ID: 4, Kind: Sink, Name: "Sink(b)", Parallelism: 1, Inputs: []Input{{From: 0, Ship: "rebalance"}}},
	}}}
}

// diagrams draws diagrams of any shape.
func diagrams(t *rapid.T) *Diagram {
	d := &Diagram{Title: rapid.StringN(0, 200, -1).Draw(t, "title")}
	for i := range rapid.IntRange(1, 25).Draw(t, "nodes") {
		n := Node{ID: i, Kind: Operator, Name: rapid.StringN(0, 30, -1).Draw(t, "name"), Parallelism: rapid.IntRange(1, 9999).Draw(t, "parallelism")}
		for range rapid.IntRange(0, 3).Draw(t, "details") {
			n.Details = append(n.Details, Detail{rapid.StringN(0, 12, -1).Draw(t, "key"), rapid.StringN(0, 400, -1).Draw(t, "value")})
		}
		if i > 0 {
			for range rapid.IntRange(0, 3).Draw(t, "inputs") {
				in := Input{From: rapid.IntRange(0, i-1).Draw(t, "from"), Ship: rapid.SampledFrom([]string{"forward", "hash", "broadcast"}).Draw(t, "ship")}
				in.Chained = in.Ship == "forward"
				n.Inputs = append(n.Inputs, in)
			}
		}
		d.Nodes = append(d.Nodes, n)
	}
	return d
}

// TestLayout checks what holds for any diagram: arrows point down, boxes of a layer do not touch, all is on the page.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := diagrams(t)
		l := newLayout(d)
		for i := range d.Nodes {
			l.places[i].width, l.places[i].height = boxSize(&d.Nodes[i])
		}
		for i := len(d.Nodes); i < len(l.places); i++ {
			l.places[i].width = arrowBox
		}
		l.settle()
		const little = 1e-6
		for i, n := range d.Nodes {
			p := &l.places[i]
			if p.x < -little || p.y < -little || p.x+p.width > l.width+little || p.y+p.height > l.height+little {
				t.Fatalf("box %d is not on the page of %v × %v: %+v", i, l.width, l.height, p)
			}
			for k, in := range n.Inputs {
				if from := &l.places[in.From]; from.y+from.height >= p.y {
					t.Fatalf("the arrow from %d to %d does not point down", in.From, i)
				}
				for j := 1; j < len(l.routes[i][k]); j++ {
					if l.places[l.routes[i][k][j]].layer != l.places[l.routes[i][k][j-1]].layer+1 {
						t.Fatalf("the arrow from %d to %d leaves out a layer", in.From, i)
					}
				}
			}
		}
		for _, layer := range l.layers {
			for n := 1; n < len(layer); n++ {
				a, b := &l.places[layer[n-1]], &l.places[layer[n]]
				if b.x-a.x-a.width < l.gap(layer[n-1], layer[n])-little {
					t.Fatalf("places %d and %d of a layer are %v apart", layer[n-1], layer[n], b.x-a.x-a.width)
				}
			}
		}
	})
}

// TestForms checks for any diagram that its forms can be read.
func TestForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []Diagram{*diagrams(t), *diagrams(t)}
		svg := SVG(all)
		if again := SVG(all); svg != again {
			t.Fatal("the picture changes from time to time")
		}
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, svg)
			}
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Fatalf("a place is no number:\n%s", svg)
		}
		text, err := JSON(all)
		if err != nil {
			t.Fatal(err)
		}
		var back []Diagram
		if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&back); err != nil || len(back) != 2 || len(back[1].Nodes) != len(all[1].Nodes) {
			t.Fatalf("error %v, read back %v", err, back)
		}
		for line := range strings.Lines(DOT(all)) {
			if strings.Count(strings.ReplaceAll(strings.ReplaceAll(line, `\\`, ""), `\"`, ""), `"`)%2 != 0 {
				t.Fatalf("a text is not closed: %s", line)
			}
		}
	})
}

func TestExample(t *testing.T) {
	dot := DOT(example())
	for _, part := range []string{
		`label="INSERT INTO a SELECT \"x\" FROM t WHERE b < 1 & c > 'ü'";`, `n0_2 [label="Join  ×4\lon a = b AND c < \"d\"\lemits I,UB,UA,D\l"`,
		`n0_0 -> n0_2 [label="hash by a, b", style=bold];`, `n0_2 -> n0_3 [label=""];`,
	} {
		if !strings.Contains(dot, part) {
			t.Errorf("%s is missing in\n%s", part, dot)
		}
	}
	svg := SVG(example())
	for _, part := range []string{
		"b &lt; 1 &amp; c &gt; 'ü'", "<title>Scan(t)\nfields: a, b\na INT\nb STRING</title>", `class="label"`, ">hash by a, b<", ">broadcast<", ">×4<", ">emits<",
	} {
		if !strings.Contains(svg, part) {
			t.Errorf("%s is missing in\n%s", part, svg)
		}
	}
	text, err := JSON(example())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"keys": [`, `"chained": true`, `"changelogMode": "I,UB,UA,D"`, `"kind": "sink"`, `b < 1 & c`} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is missing in\n%s", part, text)
		}
	}
	if got, err := JSON(nil); err != nil || got != "[]\n" {
		t.Errorf("of no plans: %q, error %v", got, err)
	}
}

// TestCrossings compares the count of crossings with that of all pairs, and checks that an order without any is found where it is easy.
func TestCrossings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 20).Draw(t, "list")
		want := 0
		for i := range list {
			for _, later := range list[i:] {
				if list[i] > later {
					want++
				}
			}
		}
		if got := inversions(slices.Clone(list)); got != want {
			t.Fatalf("%v has %d inversions, want %d", list, got, want)
		}
	})
	d := &Diagram{}
	for i := range 3 { // three chains, whose nodes are mixed up
		d.Nodes = append(d.Nodes, Node{ID: i})
	}
	for i, from := range []int{2, 0, 1, 4, 5, 3} {
		d.Nodes = append(d.Nodes, Node{ID: 3 + i, Inputs: []Input{{From: from}}})
	}
	if n := newLayout(d).crossings(); n != 0 {
		t.Errorf("three chains cross %d times", n)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text       string
		most, rows int
		want       string
	}{
		{"", 10, 2, ""}, {"short", 10, 2, "short"}, {"some words to break", 10, 3, "some words|to break"}, {"abcdefghijklmnop", 10, 3, "abcdefghij|klmnop"},
		{"some words that do not fit at all", 10, 2, "some words|that do n…"}, {"日本語日本語日本語", 10, 2, "日本語日本|語日本語"},
	} {
		if got := strings.Join(wrap(c.text, c.most, c.rows), "|"); got != c.want {
			t.Errorf("%q in %d × %d is %q, want %q", c.text, c.most, c.rows, got, c.want)
		}
	}
}

// TestLargeDiagram checks that a plan of a generated statement set is drawn in a moment.
func TestLargeDiagram(t *testing.T) {
	d := Diagram{}
	for i := range 5000 {
		n := Node{ID: i, Name: fmt.Sprint("node ", i), Parallelism: 1}
		if i > 0 {
			n.Inputs = []Input{{From: i - 1 - (i*7919)%min(i, 100), Ship: "hash"}, {From: i - 1 - (i % min(i, 10)), Ship: "forward"}}
		}
		d.Nodes = append(d.Nodes, n)
	}
	start := time.Now()
	SVG([]Diagram{d})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
