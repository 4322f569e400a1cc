package json

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/graph"
)

func changeDecoderOf(t formattest.TB, c format.Config, name string) format.Decoder {
	t.Helper()
	spec, _ := format.Lookup(name)
	d, err := spec.NewDecoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// readChanges decodes text, given in blocks of size bytes, in batches of about most rows, as rows with their kinds.
func readChanges(t formattest.TB, d format.Decoder, fields []column.Field, text string, size, most int) (rows []string, err error) {
	t.Helper()
	out := column.NewBatch(fields, 0)
	var rest []byte
	for len(text) > 0 || len(rest) > 0 {
		n := min(size, len(text))
		rest = append(bytes.Clone(rest), text[:n]...)
		text = text[n:]
		for {
			out.Reset()
			used, err := d.Decode(rest, text == "", out, most)
			for i := range out.Len {
				rows = append(rows, out.Kind(i).String()+formattest.Row(out, i))
			}
			if err != nil {
				return rows, err
			}
			if rest = rest[used:]; out.Len < most {
				break
			}
		}
		if text == "" && len(rest) > 0 {
			t.Fatalf("%q was left over", rest)
		}
	}
	return rows, nil
}

func TestDecodeChanges(t *testing.T) {
	ignore := map[string]string{"ignore-parse-errors": "true"}
	for _, c := range []struct {
		format, columns, text, want string // want: rows behind each other
		options                     map[string]string
		skipped                     int64
		err                         string
	}{
		{format: "debezium-json", columns: "a INT, b STRING", text: `{"before":null,"after":{"a":1,"b":"x"},"op":"c","source":{"db":"s"}}
{"op":"r","after":{"b":"a rather long text","a":2}}
{"before":{"a":1,"b":"x"},"after":{"a":1,"b":"y"},"op":"u"}
{"after":null,"op":"d","before":{"a":2}}
`, want: "+I1|x +I2|a rather long text -U1|x +U1|y -D2|∅"},
		{format: "debezium-json", columns: "a INT, l TEXTS", text: `{"after":{"a":2,"l":["new"]},"before":{"a":1,"l":["old","older"]},"op":"u"}` + "\n", want: "-U1|[old, older] +U2|[new]"},
		{format: "debezium-json", columns: "a INT", options: map[string]string{"schema-include": "true"},
			text: `{"schema":{"fields":[]},"payload":{"before":null,"after":{"a":1},"op":"c"}}` + "\n", want: "+I1"},
		{format: "debezium-json", columns: "a INT", text: "\n" + `{"op":"x"}` + "\n", err: `'op' has the unknown value 'x': known are c, d, r, u: "{\"op\":\"x\"}"`},
		{format: "debezium-json", columns: "a INT", text: `{"before":null,"after":{"a":1},"op":"u"}`, err: "the key 'before' is missing or null, as the change 'u' needs it: a Postgres table needs REPLICA IDENTITY FULL"},
		{format: "debezium-json", columns: "a INT", text: `{"before":null,"after":null,"op":"d"}`, err: "the key 'before' is missing or null"},
		{format: "debezium-json", columns: "a INT", text: `{"after":{"a":1}}`, err: "the key 'op' is missing, which says what the change is"},
		{format: "debezium-json", columns: "a INT", text: `{"after":5,"op":"c"}`, err: `the value of the key 'after' is neither an object, as a row is, nor null: "5"`},
		{format: "debezium-json", columns: "a INT", text: `{"after":{"a":1},"op":3}`, err: "the value of the key 'op' is not a text"},
		{format: "debezium-json", columns: "a INT", text: `{"after":{"a":"x"},"op":"c"}`, err: "in column 'a'"},
		{format: "debezium-json", columns: "a INT", text: `{"after":{"a":1},"op":"c"} x`, err: "not valid JSON at byte 27"},
		{format: "debezium-json", columns: "a INT", text: `[1]`, err: "a line must be an object"},
		{format: "debezium-json", columns: "a INT, b STRING", options: ignore, text: `{"op":"x"}
{"after":{"a":1,"b":"x"},"op":"c"}
nonsense
{"after":{"a":"no number","b":"y"},"op":"c"}
{"before":{"a":1},"after":null,"op":"u"}
{"after":{"a":3,"b":"z"},"op":"c"}
`, want: "+I1|x +I∅|y +I3|z", skipped: 4},
		{format: "canal-json", columns: "a INT, b STRING, c DOUBLE", text: `{"data":[{"a":"1","b":"x","c":"1.5"},{"a":"2","b":null,"c":"2"}],"database":"d","table":"t","type":"INSERT","old":null}
{"data":[{"a":"1","b":"y","c":"1.5"},{"a":"2","b":"z","c":"3"}],"type":"UPDATE","old":[{"b":"x"},{"c":"2","b":null}]}
{"type":"UPDATE","old":[null],"data":[{"a":5,"b":"same","c":5}]}
{"data":null,"type":"CREATE","sql":"CREATE TABLE t"}
{"data":[{"a":"1","b":"y","c":"1.5"}],"type":"DELETE"}
`, want: "+I1|x|1.5 +I2|∅|2.0 -U1|x|1.5 +U1|y|1.5 -U2|∅|2.0 +U2|z|3.0 -U5|same|5.0 +U5|same|5.0 -D1|y|1.5"},
		{format: "canal-json", columns: "a INT", options: map[string]string{"database.include": "sh.*", "table.include": "^q$"},
			text: `{"data":[{"a":1}],"database":"shop","table":"p","type":"INSERT"}
{"data":[{"a":2}],"database":"shop","table":"q","type":"INSERT"}
{"data":[{"a":"of another type"}],"database":"other","table":"q","type":"WHAT"}
{"data":[{"a":3}],"table":"q","type":"INSERT"}
`, want: "+I2"},
		{format: "canal-json", columns: "a INT", text: `{"data":[{"a":1}],"type":"WHAT"}`, err: "'type' has the unknown value 'WHAT': known are CREATE, DELETE, INSERT, UPDATE"},
		{format: "canal-json", columns: "a INT", text: `{"data":[{"a":1},{"a":2}],"old":[{"a":0}],"type":"UPDATE"}`, err: "'data' has 2 rows and 'old' 1"},
		{format: "canal-json", columns: "a INT", text: `{"data":[{"a":1},null],"type":"INSERT"}`, err: "the key 'data' is missing or null"},
		{format: "canal-json", columns: "a INT", text: `{"data":{"a":1},"type":"INSERT"}`, err: "the value of the key 'data' is neither an array of rows nor null"},
		{format: "maxwell-json", columns: "a INT, b STRING", text: `{"type":"insert","data":{"a":1,"b":"x"}}
{"type":"update","data":{"a":1,"b":"y"},"old":{"b":"x"}}
{"old":{"b":null},"type":"update","data":{"a":1,"b":"z"}}
{"type":"delete","data":{"a":1,"b":"z"}}
`, want: "+I1|x -U1|x +U1|y -U1|∅ +U1|z -D1|z"},
		{format: "maxwell-json", columns: "a INT", text: `{"data":{"a":1},"type":"upsert"}`, err: "unknown value 'upsert'"},
		{format: "ogg-json", columns: "a INT, b STRING", text: `{"table":"T","op_type":"I","after":{"a":1,"b":"x"}}
{"op_type":"U","before":{"a":1,"b":"x"},"after":{"a":1,"b":"y"}}
{"op_type":"D","before":{"a":1,"b":"y"}}
`, want: "+I1|x -U1|x +U1|y -D1|y"},
		{format: "ogg-json", columns: "a INT", text: `{"op_type":"Z","after":{"a":1}}`, err: "'op_type' has the unknown value 'Z': known are D, I, U"},
		{format: "changelog-json", columns: "a INT", text: `{"op":"+I","data":{"a":1}}
{"op":"-U","data":{"a":1}}
{"op":"+U","data":{"a":2}}
{"op":"-D","data":{"a":2}}
{"data":{"a":3}}
`, want: "+I1 -U1 +U2 -D2 +I3"},
		{format: "changelog-json", columns: "a INT", options: map[string]string{"changelog-mode": "I,UA,D"}, text: `{"op":"+I","data":{"a":1}}
{"op":"-U","data":{"a":1}}
{"op":"+U","data":{"a":2}}
`, want: "+I1 +U2"},
		{format: "changelog-json", columns: "a INT", options: map[string]string{"changelog-mode": "I"}, text: `{"op":"-D","data":{"a":1}}`,
			err: "a change of kind -D, but 'changelog-json.changelog-mode' says that there are inserts only"},
		{format: "changelog-json", columns: "a INT", text: `{"op":"+I"}`, err: "the key 'data' is missing or null"},
		{format: "changelog-json", columns: "a STRING, b STRING", text: "{\"op\":\"+I\",\"data\":{\"a\":\"\xff\",\"b\":\"\\u00e9\"}}\n", want: "", err: "UTF-8"},
	} {
		name := c.format + " " + c.text
		config := formattest.Config(t, c.format, c.columns, c.options)
		for _, size := range []int{1 << 20, 7} {
			for _, most := range []int{1000, 1} {
				d := changeDecoderOf(t, config, c.format)
				rows, err := readChanges(t, d, config.Columns, c.text, size, most)
				if got := strings.Join(rows, " "); got != c.want {
					t.Errorf("%s\nin blocks of %d, batches of %d: %s\nwant %s", name, size, most, got, c.want)
				}
				var record *format.RecordError
				switch {
				case c.err == "" && err != nil, c.err != "" && (!errors.As(err, &record) || !strings.Contains(err.Error(), c.err)):
					t.Errorf("%s\nerror %v, want %q", name, err, c.err)
				case d.Skipped() != c.skipped:
					t.Errorf("%s\n%d records skipped, want %d", name, d.Skipped(), c.skipped)
				}
				if _, ok := d.SkipPartial([]byte("\n")); ok {
					t.Errorf("%s: a changelog is read in ranges", c.format)
				}
			}
		}
	}
}

func TestEncodeChanges(t *testing.T) {
	for _, c := range []struct {
		format, want string
		options      map[string]string
	}{
		{"debezium-json", `{"before":null,"after":{"a":1,"b":"x"},"op":"c"}
{"before":{"a":1,"b":"x"},"after":null,"op":"d"}
{"before":null,"after":{"a":1,"b":null},"op":"c"}
{"before":{"a":1,"b":null},"after":null,"op":"d"}
`, nil},
		{"debezium-json", `{"after":{"a":1,"b":"x"},"op":"c"}
{"before":{"a":1,"b":"x"},"op":"d"}
{"after":{"a":1},"op":"c"}
{"before":{"a":1},"op":"d"}
`, map[string]string{"encode.ignore-null-fields": "true"}},
		{"canal-json", `{"data":[{"a":1,"b":"x"}],"type":"INSERT"}
{"data":[{"a":1,"b":"x"}],"type":"DELETE"}
{"data":[{"a":1,"b":null}],"type":"INSERT"}
{"data":[{"a":1,"b":null}],"type":"DELETE"}
`, nil},
		{"maxwell-json", `{"data":{"a":1,"b":"x"},"type":"insert"}
{"data":{"a":1,"b":"x"},"type":"delete"}
{"data":{"a":1,"b":null},"type":"insert"}
{"data":{"a":1,"b":null},"type":"delete"}
`, nil},
		{"ogg-json", `{"before":null,"after":{"a":1,"b":"x"},"op_type":"I"}
{"before":{"a":1,"b":"x"},"after":null,"op_type":"D"}
{"before":null,"after":{"a":1,"b":null},"op_type":"I"}
{"before":{"a":1,"b":null},"after":null,"op_type":"D"}
`, nil},
		{"changelog-json", `{"op":"+I","data":{"a":1,"b":"x"}}
{"op":"-U","data":{"a":1,"b":"x"}}
{"op":"+U","data":{"a":1,"b":null}}
{"op":"-D","data":{"a":1,"b":null}}
`, nil},
		{"changelog-json", `{"op":"+I","data":{"a":1,"b":"x"}}
{"op":"+U","data":{"a":1,"b":null}}
{"op":"-D","data":{"a":1,"b":null}}
`, map[string]string{"changelog-mode": "I,UA,D"}},
	} {
		config := formattest.Config(t, c.format, "a INT, b STRING", c.options)
		b := column.NewBatch(config.Columns, 4)
		copy(b.AddKinds(4), []column.RowKind{column.Insert, column.UpdateBefore, column.UpdateAfter, column.Delete})
		for _, text := range []string{"x", "x", "", ""} {
			column.Append(b.Cols[0], int32(1))
			if text == "" {
				b.Cols[1].AppendNull()
			} else {
				b.Cols[1].AppendString(text)
			}
			b.Len++
		}
		spec, _ := format.Lookup(c.format)
		e, err := spec.NewEncoder(config)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Encode(nil, b); err != nil || string(got) != c.want {
			t.Errorf("%s %v writes\n%serror %v, want\n%s", c.format, c.options, got, err, c.want)
		}
	}
}

// TestChangesOfFormats checks what the planner is told.
func TestChangesOfFormats(t *testing.T) {
	for _, c := range []struct {
		format, mode string
		want         graph.Changes
	}{
		{"json", "", graph.InsertOnly}, {"debezium-json", "", graph.Retract}, {"canal-json", "", graph.Retract}, {"maxwell-json", "", graph.Retract},
		{"ogg-json", "", graph.Retract}, {"changelog-json", "", graph.Retract}, {"changelog-json", "I", graph.InsertOnly}, {"changelog-json", "I,UA,D", graph.Upsert},
	} {
		given := map[string]string{}
		if c.mode != "" {
			given["changelog-mode"] = c.mode
		}
		config := formattest.Config(t, c.format, "a INT", given)
		spec, _ := format.Lookup(c.format)
		got := graph.InsertOnly
		if spec.Changes != nil {
			got = spec.Changes(config.Options)
		}
		if got != c.want {
			t.Errorf("%s %s carries %s, want %s", c.format, c.mode, got, c.want)
		}
	}
	spec, _ := format.Lookup("canal-json")
	if err := spec.Options[1].Check("a("); err == nil {
		t.Error("a malformed pattern is accepted")
	}
}

// TestChangesRoundTrip writes changes and reads them back: an update becomes a delete and an insert, but for changelog-json.
func TestChangesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(envelopes).Draw(t, "format")
		config := formattest.Config(t, e.name, "a INT, s STRING, l TEXTS, r ROW, d DEC, p PAIRS", nil)
		b := formattest.RandomBatch(t, config.Columns, rapid.IntRange(1, 20).Draw(t, "rows"))
		var want []string
		for i := range b.AddKinds(b.Len) {
			b.Kinds[i] = column.RowKind(rapid.IntRange(0, 3).Draw(t, "kind"))
			kind := b.Kinds[i]
			switch {
			case e.kinds:
			case kind.Adds():
				kind = column.Insert
			default:
				kind = column.Delete
			}
			want = append(want, kind.String()+formattest.Row(b, i))
		}
		spec, _ := format.Lookup(e.name)
		w, err := spec.NewEncoder(config)
		if err != nil {
			t.Fatal(err)
		}
		text, err := w.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readChanges(t, changeDecoderOf(t, config, e.name), config.Columns, string(text), rapid.IntRange(1, 200).Draw(t, "block"), rapid.IntRange(1, 10).Draw(t, "batch"))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s\nread back %q, error %v\nwant %q", text, got, err, want)
		}
	})
}

// FuzzChanges reads any text, at once and in small blocks: both give the same, and nothing panics.
func FuzzChanges(f *testing.F) {
	for i, text := range []string{
		`{"before":{"a":1,"s":"x"},"after":{"s":"\u0041"},"op":"u"}` + "\n", `{"data":[{"a":1},null],"old":[{"s":null},{}],"type":"UPDATE"}`,
		`{"data":{"a":1,"l":["x"]},"old":{"l":null},"type":"update"}`, `{"op_type":"D","before":{}}`, `{"op":"-U","data":{"a":"1"}}`,
	} {
		f.Add(text, uint8(i), uint8(5), true)
	}
	f.Fuzz(func(t *testing.T, text string, which, size uint8, ignore bool) {
		text = text[:min(len(text), 2000)]
		e := envelopes[int(which)%len(envelopes)]
		config := formattest.Config(t, e.name, "a INT, s STRING, l TEXTS", map[string]string{"ignore-parse-errors": fmt.Sprint(ignore)})
		want, wantErr := readChanges(t, changeDecoderOf(t, config, e.name), config.Columns, text, 1<<20, 1000)
		got, err := readChanges(t, changeDecoderOf(t, config, e.name), config.Columns, text, int(size)+1, 2)
		if !slices.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %q, %v; at once: %q, %v", text, got, err, want, wantErr)
		}
	})
}

// BenchmarkDecodeChanges reads updates with the whole row before and after.
func BenchmarkDecodeChanges(b *testing.B) {
	for _, c := range []struct{ format, line string }{
		{"debezium-json", `{"before":{"id":1234567,"name":"a customer of ours","city":"Oslo","amount":12.5},"after":{"id":1234567,"name":"a customer of ours","city":"Lima","amount":13.5},"op":"u"}` + "\n"},
		{"canal-json", `{"data":[{"id":"1234567","name":"a customer of ours","city":"Lima","amount":"13.5"}],"old":[{"city":"Oslo","amount":"12.5"}],"type":"UPDATE"}` + "\n"},
	} {
		b.Run(c.format, func(b *testing.B) {
			config := formattest.Config(b, c.format, "id BIGINT, name STRING, city STRING, amount DOUBLE", nil)
			d := changeDecoderOf(b, config, c.format)
			data := []byte(strings.Repeat(c.line, 4000) + strings.Repeat(" ", 64))
			data = data[:len(data)-64]
			out := column.NewBatch(config.Columns, 8192)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				out.Reset()
				for at := 0; at < len(data); {
					out.Reset()
					n, err := d.Decode(data[at:], true, out, 4096)
					if err != nil {
						b.Fatal(err)
					}
					at += n
				}
			}
		})
	}
}
