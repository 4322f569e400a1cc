package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore/doctor"
)

// doctorOutput is how findings are shown.
type doctorOutput interface {
	begin(bucket, prefix, endpoint string)
	finding(f doctor.Finding)
	end(healthy, quiet bool) error
}

var doctorMarks = map[doctor.Status]string{doctor.Works: "✓", doctor.Limited: "–", doctor.Missing: "✗", doctor.Untested: "·"}

// doctorTable writes a row for each finding as soon as it is there, with lines for what it costs and what to do.
type doctorTable struct {
	app     *app
	style   style
	name    int // cells of the widest name
	width   int // cells of a line
	counts  [len(doctorVerdicts)]int
	skipped map[string][]string // names by why they were not tested
	order   []string            // of the reasons
}

// doctorVerdicts are the words of the last line, by status.
var doctorVerdicts = [...]string{doctor.Works: "work", doctor.Limited: "limited", doctor.Missing: "missing", doctor.Untested: "not tested"}

// Widths of the table, in cells.
const (
	doctorUsual  = 80  // where there is no terminal
	doctorWidest = 110 // longer lines are hard to read
	doctorLeast  = 50
)

func newDoctorTable(a *app) *doctorTable {
	t := &doctorTable{app: a, style: a.outStyle(), width: doctorUsual, skipped: map[string][]string{}}
	if a.outTerminal {
		if w := terminalWidth(a.stdout); w > 0 {
			t.width = min(max(w, doctorLeast), doctorWidest)
		}
	}
	for _, name := range doctor.Names() {
		t.name = max(t.name, cells(name))
	}
	return t
}

func (t *doctorTable) begin(bucket, prefix, endpoint string) {
	fmt.Fprintf(t.app.out, "%s\n\n", t.style.bold(t.app.visible("s3://"+bucket+"/"+prefix)+" at "+endpoint))
}

func (t *doctorTable) finding(f doctor.Finding) {
	t.counts[f.Status]++
	if f.Status == doctor.Untested {
		if t.skipped[f.Found] == nil {
			t.order = append(t.order, f.Found)
		}
		t.skipped[f.Found] = append(t.skipped[f.Found], f.Name)
		return
	}
	mark := map[doctor.Status]func(string) string{doctor.Works: t.style.good, doctor.Limited: t.style.notice, doctor.Missing: t.style.wrong}[f.Status]
	t.row(mark(doctorMarks[f.Status]), f.Name, f.Found)
	t.detail("costs", f.Costs)
	t.detail("do", f.Advice)
}

// row writes a mark, a name, and a text of as many lines as it needs.
func (t *doctorTable) row(mark, name, text string) {
	lines := wrapText(t.app.visible(text), t.width-t.indent()-1)
	for i, line := range lines {
		if i == 0 {
			fmt.Fprintf(t.app.out, "%s %s  %s\n", mark, pad(name, t.name, false), line)
		} else {
			fmt.Fprintf(t.app.out, "%s%s\n", strings.Repeat(" ", t.indent()), line)
		}
	}
}

// indent is where texts begin: behind a mark, a blank, the names and two blanks.
func (t *doctorTable) indent() int { return 2 + t.name + 2 }

const doctorLabel = 7 // cells of costs and do, with the blanks behind

func (t *doctorTable) detail(label, text string) {
	if text == "" {
		return
	}
	label = t.style.dim(label) + strings.Repeat(" ", doctorLabel-cells(label))
	for _, line := range wrapText(t.app.visible(text), t.width-t.indent()-doctorLabel-1) {
		fmt.Fprintf(t.app.out, "%s%s%s\n", strings.Repeat(" ", t.indent()), label, line)
		label = strings.Repeat(" ", doctorLabel)
	}
}

func (t *doctorTable) end(_, quiet bool) error {
	for _, why := range t.order {
		t.row(doctorMarks[doctor.Untested], "", why+": "+strings.Join(t.skipped[why], ", "))
	}
	if quiet {
		return nil
	}
	var parts []string
	total := 0
	for status, n := range t.counts {
		if total += n; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, doctorVerdicts[status]))
		}
	}
	_, err := fmt.Fprintf(t.app.out, "\n%s: %s\n", count(int64(total), "point"), strings.Join(parts, ", "))
	return err
}

// wrapText cuts a text into lines of at most width cells, between words; longer words stay whole.
func wrapText(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case cells(line)+1+cells(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// doctorJSON collects the findings and writes them as one document.
type doctorJSON struct {
	w   io.Writer
	doc struct {
		URL      string          `json:"url"`
		Endpoint string          `json:"endpoint"`
		Healthy  bool            `json:"healthy"`
		Points   []doctorFinding `json:"points"`
	}
}

type doctorFinding struct {
	Name     string             `json:"name"`
	Status   string             `json:"status"`
	Needed   bool               `json:"needed"`
	Found    string             `json:"found,omitempty"`
	Costs    string             `json:"costs,omitempty"`
	Advice   string             `json:"advice,omitempty"`
	TookMS   float64            `json:"took_ms"`
	Measures map[string]float64 `json:"measures,omitempty"`
}

func (j *doctorJSON) begin(bucket, prefix, endpoint string) {
	j.doc.URL, j.doc.Endpoint = "s3://"+bucket+"/"+prefix, endpoint
}

func (j *doctorJSON) finding(f doctor.Finding) {
	j.doc.Points = append(j.doc.Points, doctorFinding{f.Name, f.Status.String(), f.Needed, f.Found, f.Costs, f.Advice,
		float64(f.Took.Round(time.Microsecond)) / float64(time.Millisecond), f.Measures})
}

func (j *doctorJSON) end(healthy, _ bool) error {
	j.doc.Healthy = healthy
	data, err := json.MarshalIndent(&j.doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.w, "%s\n", data)
	return err
}
