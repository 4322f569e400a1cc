package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
)

// The digests are of Apache Flink's answers: those that are short are in testdata too, so that a difference can be shown.
var (
	answersDir = flag.String("answers", filepath.Join("testdata", "answers"), "`folder` with Apache Flink's answers, one JSON object a line")
	update     = flag.Bool("update", false, "write testdata/digests.txt anew from the answers of -answers")
)

const digestsFile = "testdata/digests.txt"

// TestAnswers compares each query's final result with Apache Flink's, over the same events.
func TestAnswers(t *testing.T) {
	if *update {
		writeDigests(t)
	}
	digests := readDigests(t)
	dir := t.TempDir()
	variables := map[string]string{
		"path": filepath.Join("testdata", "events.jsonl.gz"), "format": "json", "side_input": filepath.Join(dir, "side_input.txt"),
	}
	if err := writeSide(variables["side_input"]); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		for _, parallelism := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/%d", q, parallelism), func(t *testing.T) {
				variables["output"] = filepath.Join(dir, fmt.Sprint(q, parallelism))
				got, err := answer(t.Context(), q, parallelism, variables)
				if err != nil {
					t.Fatal(err)
				}
				want, ok := digests[strings.TrimSuffix(q, "_files")]
				if d := digest(got); ok && d != want {
					t.Errorf("%s, want %s%s", d, want, difference(t, got, q))
				}
				if !ok && q != "q12" && q != "q23" { // of processing time; without a row in this set
					t.Errorf("there is no answer to compare with; got %s", digest(got))
				}
				if n := total(got, 1); q == "q12" && (n < 0 || n > 27600) { // windows that are open at the end give nothing
					t.Errorf("the windows hold %d bids of 27600", n)
				}
				if q == "q23" && len(got) > 0 {
					t.Errorf("%d rows, want none: no bidder of this set is a seller", len(got))
				}
			})
		}
	}
}

// total adds a column up.
func total(rows []string, at int) (sum int64) {
	for _, row := range rows {
		n, err := strconv.ParseInt(strings.Split(row, "\t")[at], 10, 64)
		if err != nil {
			return -1
		}
		sum += n
	}
	return sum
}

// answer runs a query and returns the rows that are left when all changes are done, sorted.
func answer(ctx context.Context, q string, parallelism int, variables map[string]string) ([]string, error) {
	s, err := open(map[string]string{"parallelism.default": strconv.Itoa(parallelism), "table.local-time-zone": "UTC"})
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range []string{"source_files", "views", q} {
		list, err := statements(name, variables)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	last := len(all) - 1
	for _, text := range all[:last] {
		if err := execute(ctx, s, text); err != nil {
			return nil, err
		}
	}
	query := selectOf(all[last])
	if strings.HasSuffix(q, "_files") { // what the files hold
		if err := execute(ctx, s, all[last]); err != nil {
			return nil, err
		}
		query = "SELECT * FROM " + q
	}
	r, err := begin(ctx, s, query)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	err = r.Run(ctx, func(b *column.Batch) error {
		for i := range b.Rows() {
			row := rowText(b, b.Row(i))
			switch b.Kind(b.Row(i)) {
			case column.Insert, column.UpdateAfter:
				count[row]++
			default:
				count[row]--
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return remaining(count)
}

// remaining are the rows that were not taken back as often as they came, sorted.
func remaining(count map[string]int) (rows []string, err error) {
	for _, row := range slices.Sorted(maps.Keys(count)) {
		if count[row] < 0 {
			return nil, fmt.Errorf("a row was taken back that was not there: %s", row)
		}
		for range count[row] {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// rowText writes a row as the answers are compared: tabs between values, no zeros at the end of a fraction.
func rowText(b *column.Batch, row int) string {
	cells := make([]string, len(b.Cols))
	for c, v := range b.Cols {
		if v.IsNull(row) {
			cells[c] = "NULL"
			continue
		}
		text := string(column.AppendText(nil, v, row, nil))
		switch v.Type.Kind {
		case column.Timestamp:
			text = trimFraction(strings.Replace(text, " ", "T", 1))
		case column.Decimal:
			text = trimFraction(text)
		}
		cells[c] = text
	}
	return strings.Join(cells, "\t")
}

func trimFraction(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// digest is the number of rows and a hash of them.
func digest(rows []string) string {
	h := sha256.New()
	for _, row := range rows {
		fmt.Fprintln(h, row)
	}
	return fmt.Sprintf("%d rows %s", len(rows), hex.EncodeToString(h.Sum(nil)[:16]))
}

// readAnswer reads Flink's answer to a query, sorted as answer does.
func readAnswer(q string) (rows []string, err error) {
	f, err := os.Open(filepath.Join(*answersDir, q+".jsonl.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(unzipped)
	for lines.Scan() {
		row, err := objectText(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		rows = append(rows, row)
	}
	slices.Sort(rows)
	return rows, lines.Err()
}

// objectText writes the values of a JSON object, in its order, as rowText does.
func objectText(line string) (string, error) {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var cells []string
	for i := 0; ; i++ {
		token, err := d.Token()
		if err == io.EOF {
			return strings.Join(cells, "\t"), nil
		}
		if err != nil {
			return "", err
		}
		if _, brace := token.(json.Delim); brace || i%2 == 1 { // a brace or a name
			continue
		}
		switch v := token.(type) {
		case nil:
			cells = append(cells, "NULL")
		case json.Number:
			cells = append(cells, trimFraction(v.String()))
		default:
			cells = append(cells, fmt.Sprint(v))
		}
	}
}

// difference shows the first rows that differ from Flink's, if its answer is there in full.
func difference(t *testing.T, got []string, q string) string {
	t.Helper()
	want, err := readAnswer(q)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	const most = 5
	var b strings.Builder
	write := func(mark string, list, other []string) {
		shown := 0
		for _, row := range list {
			if _, found := slices.BinarySearch(other, row); found {
				continue
			}
			if shown++; shown <= most {
				fmt.Fprintf(&b, "\n%s %s", mark, row)
			}
		}
		if shown > most {
			fmt.Fprintf(&b, "\n%s and %d more", mark, shown-most)
		}
	}
	write("+", got, want)
	write("-", want, got)
	return b.String()
}

func readDigests(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(digestsFile)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for line := range strings.Lines(string(data)) {
		q, d, _ := strings.Cut(strings.TrimSpace(line), " ")
		digests[q] = d
	}
	return digests
}

func writeDigests(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, q := range queries {
		rows, err := readAnswer(q)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s\n", q, digest(rows))
	}
	if err := os.WriteFile(digestsFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
