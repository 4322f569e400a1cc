package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

// readTexts returns the rows of a file as texts, and the bytes fetched.
func readTexts(f format.File, c format.Config) (rows []string, fetched int64, err error) {
	ctx := context.Background()
	pieces, err := splitFile(ctx, f, c)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range pieces {
		r, err := openFile(ctx, f, p, c)
		if err != nil {
			return rows, fetched, err
		}
		out := column.NewBatch(formattest.Projected(c), 0)
		for {
			out.Reset()
			err := r.Next(ctx, out)
			if err == io.EOF { //nolint:errorlint // it is the end itself
				break
			}
			if err != nil {
				return rows, fetched, err
			}
			rows = append(rows, formattest.Rows(out)...)
		}
		fetched += r.BytesRead()
		if err := r.Close(); err != nil {
			return rows, fetched, err
		}
	}
	return rows, fetched, nil
}

const everything = "b BOOLEAN, i TINYINT, s SMALLINT, n INT, l BIGINT, f FLOAT, d DOUBLE, t STRING, c CHAR4, y BYTES, m DEC, m15 DEC15, m38 DEC38, dt DATE, tm TIME3, " +
	"ts TS, ts9 TS9, tz LTZ6, xs NESTED, ls LISTS, r DEEP, p PAIRS, bag BAG, bi BYINT"

// Whatever is written is read back as it was, in whatever batches it came and by whatever columns are wanted.
func TestEverythingRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		options := map[string]string{
			"compression":  rapid.SampledFrom(compression.Values).Draw(t, "compression"),
			"utc-timezone": rapid.SampledFrom([]string{"true", "false"}).Draw(t, "utc"),
		}
		if rapid.Bool().Draw(t, "small groups") {
			options["block.size"] = "100b"
		}
		if rapid.Bool().Draw(t, "small pages") {
			options["page.size"], options["dictionary.page.size"] = "64b", "100b"
		}
		options["writer.version"] = rapid.SampledFrom(writerVersion.Values).Draw(t, "version")
		options["enable.dictionary"] = fmt.Sprint(rapid.Bool().Draw(t, "dictionary"))
		c := formattest.Config(t, "parquet", everything, options)
		c.Zone = time.UTC
		if rapid.Bool().Draw(t, "zone") {
			c.Zone = time.FixedZone("", 3600)
		}
		var batches []*column.Batch
		var want []string
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(0, 20).Draw(t, "rows"))
			batches = append(batches, b)
			want = append(want, formattest.Rows(b)...)
		}
		f := open(t, write(t, c, batches...))
		if rapid.Bool().Draw(t, "project") {
			c.Project = rapid.SliceOfNDistinct(rapid.IntRange(0, len(c.Columns)-1), 0, 5, rapid.ID[int]).Draw(t, "columns")
			want = project(want, batches, c.Project)
		}
		got, _, err := readTexts(f, c)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q, %v, want\n%q", got, err, want)
		}
	})
}

// project returns the rows' texts of some columns alone.
func project(rows []string, batches []*column.Batch, columns []int) []string {
	out := rows[:0]
	for _, b := range batches {
		some := &column.Batch{Len: b.Len}
		for _, i := range columns {
			some.Cols = append(some.Cols, b.Cols[i])
		}
		out = append(out, formattest.Rows(some)...)
	}
	return out
}

// Damaged files end in an error or in as many rows as were written, never in a panic, and soon.
func FuzzDamaged(f *testing.F) {
	c := formattest.Config(f, "parquet", "n INT, t STRING, xs NESTED, m DEC38, ts TS", nil)
	c.Zone = time.UTC
	b := column.NewBatch(c.Columns, 0)
	for i := range 50 {
		column.Append(b.Cols[0], int32(i))
		b.Cols[1].AppendString(strings.Repeat("text", i%7))
		b.Cols[2].Children[0].Children[0].AppendString("x")
		b.Cols[2].Children[0].AppendList(1)
		b.Cols[2].AppendList(1)
		column.Append(b.Cols[3], column.Int128Of(int64(i)))
		column.Append(b.Cols[4], int64(i))
		b.Len++
	}
	data := write(f, c, b)
	f.Add(uint16(3), byte(1), uint16(400), byte(7), uint16(0))
	f.Add(uint16(0), byte(0), uint16(0), byte(0), uint16(9))
	f.Fuzz(func(t *testing.T, at uint16, x byte, at2 uint16, x2 byte, cut uint16) {
		broken := bytes.Clone(data)
		broken[int(at)%len(data)] ^= x
		broken[int(at2)%len(data)] ^= x2
		broken = broken[:len(broken)-int(cut)%len(data)]
		rows, _, err := readTexts(open(t, broken), c)
		if err == nil && len(rows) != 50 && x|x2 == 0 {
			t.Fatalf("%d rows", len(rows))
		}
	})
}
