package json

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/scan"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/regex"
	"github.com/millstream/millstream/setting"
)

// changeDecoder reads lines of changes. The rows inside of them are decoded to slots, in the order in which they stand there; which of them leave
// as rows, in which order and with which kind, is known at the end of a line. Then they are gathered, column by column.
type changeDecoder struct {
	*decoder
	envelope *envelope
	keys     map[string]content // of a line; with a schema, of what stands below payload
	outer    map[string]content
	accepts  graph.Changes
	database *regex.Regexp // nil: any
	table    *regex.Regexp

	slots  column.Batch // only its columns and Len count
	fields []column.Field
	rows   []changedRow

	does  change // what the line does
	given bool   // the line says what it does
	op    string // that, if it is not known
	news  []int32
	olds  []int32

	order  []int32 // slots to gather
	places []int32 // by slot, one more than where among rows it is, if it takes columns from elsewhere
}

// changedRow is a row to emit.
type changedRow struct {
	slot int32
	// rest is where the columns are that the slot's object did not have; -1: nowhere, they are NULL.
	rest int32
	kind column.RowKind
}

// checkPattern refuses what is no regular expression.
func checkPattern(text string) error {
	_, err := regex.CompileWhole(text)
	return err
}

func newChangeDecoder(e *envelope, c format.Config) (format.Decoder, error) {
	inner, err := newDecoder(c)
	if err != nil {
		return nil, named(e, err)
	}
	d := &changeDecoder{decoder: inner, envelope: e, keys: e.keys, outer: e.keys, accepts: e.changes(c.Options)}
	if slices.Contains(e.options, schemaOption) && c.Options.Bool(schemaOption) {
		d.outer = map[string]content{"payload": payload}
	}
	for _, f := range []struct {
		option  *setting.Option
		pattern **regex.Regexp
	}{{databaseOption, &d.database}, {tableOption, &d.table}} {
		if slices.Contains(e.options, f.option) && c.Options.Text(f.option) != "" {
			if *f.pattern, err = regex.CompileWhole(c.Options.Text(f.option)); err != nil {
				return nil, fmt.Errorf("option '%s.%s': %w", e.name, f.option.Key, err)
			}
		}
	}
	for _, f := range d.root.fields {
		d.fields = append(d.fields, column.Field{Name: f.name, Type: f.node.w.Type})
	}
	for _, content := range e.keys {
		if content == changed || content == changedAll {
			d.root.absent = make([][]int32, len(d.fields))
		}
	}
	return d, nil
}

// named makes an error of the inner format one of the outer.
func named(e *envelope, err error) error {
	return fmt.Errorf("%s", strings.ReplaceAll(err.Error(), "the format 'json'", "the format '"+e.name+"'"))
}

// SkipPartial says that a file is read as a whole: the order of changes counts.
func (d *changeDecoder) SkipPartial([]byte) (int, bool) { return -1, false }

func (d *changeDecoder) Decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	skipped := d.skipped
	n, err := d.decode(data, last, most-out.Len)
	if d.hasText && !d.strict && !utf8.Valid(data[:n]) {
		// Once more, looking at every text.
		d.strict, d.skipped = true, skipped
		n, err = d.decode(data, last, most-out.Len)
	}
	d.emit(out)
	return n, err
}

// decode decodes lines until there are most rows; the last line may give more.
func (d *changeDecoder) decode(data []byte, last bool, most int) (int, error) {
	if len(d.slots.Cols) != len(d.fields) {
		d.slots = *column.NewBatch(d.fields, 0)
	}
	d.slots.Reset()
	d.rows = d.rows[:0]
	for i := range d.root.absent {
		d.root.absent[i] = d.root.absent[i][:0]
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole > 0 {
		if at, err := d.lines(scan.Padded(data), whole, most); err != nil || at < whole {
			return at, err
		}
	}
	if !last || whole == len(data) || len(d.rows) >= most {
		return whole, nil
	}
	// The last line lacks its line feed: read it from a copy that has it.
	line := append(append(make([]byte, 0, len(data)-whole+1+cap(tail)), data[whole:]...), '\n')
	n, err := d.lines(line, len(line), most)
	if e, ok := err.(*format.RecordError); ok { //nolint:errorlint // it was made here
		e.Offset += int64(whole)
	}
	return min(whole+n, len(data)), err
}

// lines decodes the lines in data[:end], of which the last is complete.
func (d *changeDecoder) lines(data []byte, end, most int) (at int, err error) {
	d.block = data[:len(data)+cap(tail)]
	for i, f := range d.root.fields {
		f.node.w.Begin(d.slots.Cols[i], d.block, min(2*most, 1024))
	}
	for at < end && len(d.rows) < most {
		d.start, d.nulled = at, false
		i := blanks(d.block, at)
		if d.block[i] == '\n' {
			at = i + 1
			continue
		}
		slots, rows := d.slots.Len, len(d.rows)
		if i = d.change(i); i >= 0 {
			at = i + 1
			if d.nulled {
				d.skipped++
			}
			continue
		}
		if !d.ignore {
			err = d.err
			d.rows = d.rows[:rows]
			break
		}
		for _, f := range d.root.fields {
			f.node.w.Forget(slots)
		}
		d.slots.Len, d.rows = slots, d.rows[:rows]
		d.skipped++
		at += bytes.IndexByte(data[at:end], '\n') + 1
	}
	for _, f := range d.root.fields {
		f.node.w.End(d.slots.Len)
	}
	return at, err
}

// change parses the object at i, notes the rows that it stands for, and returns the position of the line feed behind it.
func (d *changeDecoder) change(i int) int {
	if d.block[i] != '{' {
		return d.syntax(i, "a line must be an object")
	}
	keep := true
	if d.database != nil || d.table != nil {
		// A line about another table may have columns of other types: find that out first.
		var end int
		if keep, end = d.wanted(i); end < 0 {
			return -1
		}
	}
	d.does, d.given, d.op = insert, false, ""
	d.news, d.olds = d.news[:0], d.olds[:0]
	begin := i
	if keep {
		i = d.members(i+1, d.outer)
	} else {
		i = d.skip(i, 0)
	}
	if i < 0 {
		return -1
	}
	if i = blanks(d.block, i); d.block[i] != '\n' {
		return d.syntax(i, "text behind the object")
	}
	if keep && !d.note(begin, i) {
		return -1
	}
	return i
}

// members parses the keys and values of an object, whose brace is in front of i, and returns the position behind it.
func (d *changeDecoder) members(i int, keys map[string]content) int {
	b := d.block
	if i = blanks(b, i); b[i] == '}' {
		return i + 1
	}
	for {
		if b[i] != '"' {
			return d.syntax(i, "expected a key in quotes")
		}
		key, end, _ := d.text(i + 1)
		if end < 0 {
			return -1
		}
		what := keys[string(key)]
		if i = blanks(b, end); b[i] != ':' {
			return d.syntax(i, "expected ':' behind a key")
		}
		if i = d.member(blanks(b, i+1), what); i < 0 {
			return -1
		}
		switch i = blanks(b, i); b[i] {
		case ',':
			i = blanks(b, i+1)
		case '}':
			return i + 1
		default:
			return d.syntax(i, "expected ',' or '}'")
		}
	}
}

// member parses the value at i, of a key that holds what.
func (d *changeDecoder) member(i int, what content) int {
	b := d.block
	null := b[i] == 'n'
	switch {
	case what == kindOf && b[i] == '"':
		text, end, _ := d.text(i + 1)
		if end < 0 {
			return -1
		}
		d.given = true
		if d.does = d.envelope.ops[string(text)]; d.does == unknown {
			d.op = string(text)
		}
		return end
	case what == payload && b[i] == '{':
		return d.members(i+1, d.keys)
	case what == newRow && b[i] == '{':
		d.news = d.news[:0] // of a key that is repeated the last one counts
		return d.slot(i, &d.news)
	case (what == oldRow || what == changed) && b[i] == '{':
		d.olds = d.olds[:0]
		return d.slot(i, &d.olds)
	case what == newRows && b[i] == '[':
		d.news = d.news[:0]
		return d.slotList(i+1, &d.news)
	case what == changedAll && b[i] == '[':
		d.olds = d.olds[:0]
		return d.slotList(i+1, &d.olds)
	case what != nothing && what != database && what != table && !null:
		return d.wrong(i, "neither an object, as a row is, nor null", what)
	}
	return d.skip(i, 0)
}

// wrong notes that the value at i is none that its key can have.
func (d *changeDecoder) wrong(i int, reason string, what content) int {
	switch what {
	case kindOf:
		reason = "not a text"
	case newRows, changedAll:
		reason = "neither an array of rows nor null"
	}
	key := ""
	for k, c := range d.envelope.keys {
		if c == what {
			key = k
		}
	}
	return d.malformed("the value of the key '"+key+"' is "+reason, d.token(i))
}

// malformed notes that the line is JSON and not what the format asks for.
func (d *changeDecoder) malformed(reason string, text []byte) int {
	d.err = &format.RecordError{Offset: int64(d.start), Text: format.Excerpt(text), Reason: reason}
	return -1
}

// slot parses the row at i.
func (d *changeDecoder) slot(i int, list *[]int32) int {
	slot := d.slots.Len
	d.slots.Len++
	*list = append(*list, int32(slot))
	return d.object(d.root, i+1, slot)
}

// slotList parses the rows of an array, whose bracket is in front of i; null is -1.
func (d *changeDecoder) slotList(i int, list *[]int32) int {
	b := d.block
	if i = blanks(b, i); b[i] == ']' {
		return i + 1
	}
	for {
		switch {
		case b[i] == '{':
			i = d.slot(i, list)
		case b[i] == 'n':
			*list = append(*list, -1)
			i = d.literal(i)
		default:
			return d.malformed("a row is neither an object nor null", d.token(i))
		}
		if i < 0 {
			return -1
		}
		switch i = blanks(b, i); b[i] {
		case ',':
			i = blanks(b, i+1)
		case ']':
			return i + 1
		default:
			return d.syntax(i, "expected ',' or ']'")
		}
	}
}

// wanted tells whether the line at i is about a database and table that are read.
func (d *changeDecoder) wanted(i int) (keep bool, end int) {
	b := d.block
	keep = true
	names := map[content]string{}
	if i = blanks(b, i+1); b[i] == '}' {
		return d.included(names), i + 1
	}
	for {
		if b[i] != '"' {
			return false, d.syntax(i, "expected a key in quotes")
		}
		key, end, _ := d.text(i + 1)
		if end < 0 {
			return false, -1
		}
		what := d.keys[string(key)]
		if i = blanks(b, end); b[i] != ':' {
			return false, d.syntax(i, "expected ':' behind a key")
		}
		i = blanks(b, i+1)
		if (what == database || what == table) && b[i] == '"' {
			text, _, _ := d.text(i + 1)
			names[what] = string(text)
		}
		if i = d.skip(i, 0); i < 0 {
			return false, -1
		}
		switch i = blanks(b, i); b[i] {
		case ',':
			i = blanks(b, i+1)
		case '}':
			return keep && d.included(names), i + 1
		default:
			return false, d.syntax(i, "expected ',' or '}'")
		}
	}
}

func (d *changeDecoder) included(names map[content]string) bool {
	matches := func(pattern *regex.Regexp, name string) bool {
		if pattern == nil {
			return true
		}
		ok, err := pattern.Match([]byte(name))
		return ok && err == nil
	}
	return matches(d.database, names[database]) && matches(d.table, names[table])
}

// note adds the rows that the line in [begin, end) of the block stands for. It reports false, after an error, if there is one missing.
func (d *changeDecoder) note(begin, end int) bool {
	e := d.envelope
	text := bytes.TrimRight(d.block[begin:end], " \t\r")
	fail := func(format string, args ...any) bool {
		d.malformed(fmt.Sprintf(format, args...), text)
		return false
	}
	missing := func(key string) bool {
		reason := fmt.Sprintf("the key '%s' is missing or null, as the change '%s' needs it", key, d.opText())
		if e.hint != "" {
			reason += ": " + e.hint
		}
		return fail("%s", reason)
	}
	newKey, oldKey := e.key(newRow, newRows), e.key(oldRow, changed, changedAll)
	switch d.does {
	case unknown:
		return fail("'%s' has the unknown value '%s': known are %s", e.op, d.op, strings.Join(slices.Sorted(maps.Keys(e.ops)), ", "))
	case skipped:
		return true
	}
	if !d.given && !e.kinds {
		return fail("the key '%s' is missing, which says what the change is", e.op)
	}
	whole := e.has(oldRow)
	switch {
	case d.does == remove && whole && len(d.olds) == 0, d.does == update && len(d.olds) == 0:
		return missing(oldKey)
	case !(d.does == remove && whole) && (len(d.news) == 0 || slices.Contains(d.news, -1)):
		return missing(newKey)
	case d.does == update && len(d.olds) != len(d.news):
		return fail("'%s' has %d rows and '%s' %d", newKey, len(d.news), oldKey, len(d.olds))
	}
	add := func(slot, rest int32, kind column.RowKind) { d.rows = append(d.rows, changedRow{slot, rest, kind}) }
	switch d.does {
	case update:
		for i, slot := range d.news {
			switch old := d.olds[i]; {
			case old < 0: // nothing has changed
				add(slot, -1, column.UpdateBefore)
			case whole:
				add(old, -1, column.UpdateBefore)
			default:
				add(old, slot, column.UpdateBefore)
			}
			add(slot, -1, column.UpdateAfter)
		}
	case remove:
		list := d.news
		if whole {
			list = d.olds
		}
		for _, slot := range list {
			add(slot, -1, column.Delete)
		}
	case insert:
		for _, slot := range d.news {
			add(slot, -1, column.Insert)
		}
	default:
		kind := column.RowKind(d.does - exact)
		if kind == column.UpdateBefore && d.accepts == graph.Upsert {
			return true // the primary key says which row is replaced
		}
		if kind != column.Insert && d.accepts == graph.InsertOnly {
			return fail("a change of kind %s, but '%s.%s' says that there are inserts only", kind, e.name, modeOption.Key)
		}
		add(d.news[0], -1, kind)
	}
	return true
}

// opText is how the line names what it does.
func (d *changeDecoder) opText() string {
	for name, c := range d.envelope.ops {
		if c == d.does {
			return name
		}
	}
	return d.op
}

// key returns the key that holds one of some contents.
func (e *envelope) key(contents ...content) string {
	for k, c := range e.keys {
		if slices.Contains(contents, c) {
			return k
		}
	}
	return ""
}

// has tells whether a key holds a content.
func (e *envelope) has(what content) bool { return e.key(what) != "" }

// emit appends the noted rows to a batch.
func (d *changeDecoder) emit(out *column.Batch) {
	if len(d.rows) == 0 {
		return
	}
	inserts, partial := out.Kinds == nil, false
	d.places = append(d.places[:0], make([]int32, d.slots.Len)...)
	for i, r := range d.rows {
		inserts = inserts && r.kind == column.Insert
		if r.rest >= 0 {
			d.places[r.slot] = int32(i + 1)
			partial = true
		}
	}
	if !inserts {
		for i, to := 0, out.AddKinds(out.Len + len(d.rows))[out.Len:]; i < len(to); i++ {
			to[i] = d.rows[i].kind
		}
	}
	for c, v := range out.Cols {
		d.order = d.order[:0]
		for _, r := range d.rows {
			d.order = append(d.order, r.slot)
		}
		if partial {
			for _, slot := range d.root.absent[c] {
				if i := d.places[slot]; i > 0 {
					d.order[i-1] = d.rows[i-1].rest
				}
			}
		}
		v.AppendRows(d.slots.Cols[c], d.order)
	}
	out.Len += len(d.rows)
}
