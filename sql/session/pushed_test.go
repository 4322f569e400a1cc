package session

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
)

// pushing is a source that says what it does with the conditions, once it was probed.
type pushing struct {
	fakeSource
	req    connector.SourceRequest
	probed bool
}

func (p *pushing) Probe(context.Context) { p.probed = true }

func (p *pushing) PushedDown() string {
	if len(p.req.Filter) == 0 || !p.probed {
		return ""
	}
	return fmt.Sprint("asks for ", p.req.Project, " where ", p.req.Filter)
}

func init() {
	connector.Register(&connector.Spec{
		Name: "pushing", Doc: "A source of this test.", Guarantee: "none", Example: "none", Options: []*setting.Option{},
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			return &pushing{fakeSource: fakeSource{bounded: true}, req: req}, nil
		},
	})
}

// TestPushedDown checks that EXPLAIN asks sources and shows what they say, once for each table.
func TestPushedDown(t *testing.T) {
	s := New(Config{Settings: testSettings()})
	script, err := Parse("", `
CREATE TABLE p (a BIGINT, b STRING, c BIGINT) WITH ('connector' = 'pushing');
EXPLAIN SELECT c FROM p WHERE a = 7;
EXPLAIN SELECT c FROM p;
EXPLAIN SELECT x.c FROM p x, p y WHERE x.a = 7 AND y.a = 7 AND x.c = y.c;`)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, st := range script.Statements {
		r, err := s.Execute(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, fmt.Sprint(r.Text()))
	}
	const line = "default_catalog.default_database.p: asks for [0 2] where [(a = 7)]\n"
	if !strings.Contains(texts[1], "\n== Pushed Down ==\n"+line) {
		t.Errorf("a condition is explained as\n%s", texts[1])
	}
	if strings.Contains(texts[2], "Pushed Down") {
		t.Errorf("no condition is explained as\n%s", texts[2])
	}
	if strings.Count(texts[3], line) != 1 {
		t.Errorf("a table that is read twice is explained as\n%s", texts[3])
	}
}
