package json

import (
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// The formats of change data capture: each line is an object that holds one change, or several of the same kind, with the rows as objects
// inside. Options and meaning are Flink's; changelog-json is our own, the form in which the shell writes a changelog.

var (
	schemaOption = &setting.Option{Key: "schema-include", Type: setting.Bool, Default: "false",
		Doc: "The change stands below the key 'payload', beside its schema, as Debezium writes it with 'value.converter.schemas.enable'. For reading only."}
	databaseOption = &setting.Option{Key: "database.include", Check: checkPattern,
		Doc: "A regular expression that must match the whole name under 'database' for a change to be read."}
	tableOption = &setting.Option{Key: "table.include", Check: checkPattern,
		Doc: "A regular expression that must match the whole name under 'table' for a change to be read."}
	modeOption = &setting.Option{Key: "changelog-mode", Type: setting.Enum, Values: []string{"I", "I,UA,D", "I,UB,UA,D"}, Default: "I,UB,UA,D",
		Doc: "Which kinds of rows a source brings or a sink takes: inserts (I), the new row of an update and deletes by primary key (I,UA,D), or the row before " +
			"an update as well (I,UB,UA,D)."}
)

// wrapped are the options of all of these formats.
var wrapped = []*setting.Option{ignoreOption, timestampOption, nullKeyOption, nullKeyLiteralOption, plainDecimalOption, ignoreNullOption}

// envelope is how a format wraps rows.
type envelope struct {
	name    string
	doc     string
	options []*setting.Option
	changes func(setting.Values) graph.Changes

	// keys are the keys of a line, each with what it holds.
	keys map[string]content
	// op is the key that says what a change is, ops its values.
	op  string
	ops map[string]change
	// hint says more where a row that a change needs is missing.
	hint string
	// begin, end and ends are what is written around a row, by whether it is added or taken away.
	begin, end [2]string
	// kinds, if set, is what stands for each kind of row, in place of begin.
	kinds bool
}

// content is what a key of a line holds.
type content uint8

const (
	nothing    content = iota // of interest
	kindOf                    // what the change is
	newRow                    // the row after the change, or the one that is deleted
	oldRow                    // the row before the change, or the one that is deleted
	changed                   // those columns of the row before an update that were others
	newRows                   // an array of rows
	changedAll                // an array of changed
	database
	table
	payload // the line's other keys
)

// change is what happens to rows.
type change uint8

const (
	unknown change = iota
	insert         // newRow is added
	update         // oldRow becomes newRow
	remove         // oldRow, or newRow where there is no oldRow, goes
	skipped        // the line is about no row
	exact          // newRow with its kind: from here on, as column.RowKind counts
	exactUB        // …
	exactUA
	exactD
)

func all(setting.Values) graph.Changes { return graph.Retract }

var envelopes = []*envelope{
	{
		name: "debezium-json", options: append([]*setting.Option{schemaOption}, wrapped...), changes: all,
		doc:  "Changes as Debezium writes them: {\"before\": …, \"after\": …, \"op\": \"c\"}. Read are c and r (insert), u (update) and d (delete); an update is written as d and c.",
		keys: map[string]content{"before": oldRow, "after": newRow, "op": kindOf}, op: "op",
		ops:   map[string]change{"c": insert, "r": insert, "u": update, "d": remove},
		hint:  "a Postgres table needs REPLICA IDENTITY FULL for Debezium to know the row before",
		begin: [2]string{`{"before":null,"after":`, `{"before":`}, end: [2]string{`,"op":"c"}`, `,"after":null,"op":"d"}`},
	},
	{
		name: "canal-json", options: append([]*setting.Option{databaseOption, tableOption}, wrapped...), changes: all,
		doc: "Changes as Canal writes them: {\"data\": [rows], \"old\": [what was other], \"type\": \"INSERT\"}, or UPDATE or DELETE; CREATE is skipped. An update is written as DELETE " +
			"and INSERT.",
		keys: map[string]content{"data": newRows, "old": changedAll, "type": kindOf, "database": database, "table": table}, op: "type",
		ops:   map[string]change{"INSERT": insert, "UPDATE": update, "DELETE": remove, "CREATE": skipped},
		begin: [2]string{`{"data":[`, `{"data":[`}, end: [2]string{`],"type":"INSERT"}`, `],"type":"DELETE"}`},
	},
	{
		name: "maxwell-json", options: wrapped, changes: all,
		doc:  "Changes as Maxwell writes them: {\"data\": row, \"old\": what was other, \"type\": \"insert\"}, or update or delete. An update is written as delete and insert.",
		keys: map[string]content{"data": newRow, "old": changed, "type": kindOf}, op: "type",
		ops:   map[string]change{"insert": insert, "update": update, "delete": remove},
		begin: [2]string{`{"data":`, `{"data":`}, end: [2]string{`,"type":"insert"}`, `,"type":"delete"}`},
	},
	{
		name: "ogg-json", options: wrapped, changes: all,
		doc:  "Changes as Oracle GoldenGate writes them: {\"before\": …, \"after\": …, \"op_type\": \"I\"}, or U or D; T is not known. An update is written as D and I.",
		keys: map[string]content{"before": oldRow, "after": newRow, "op_type": kindOf}, op: "op_type",
		ops:   map[string]change{"I": insert, "U": update, "D": remove},
		begin: [2]string{`{"before":null,"after":`, `{"before":`}, end: [2]string{`,"op_type":"I"}`, `,"after":null,"op_type":"D"}`},
	},
	{
		name: "changelog-json", options: append([]*setting.Option{modeOption}, wrapped...),
		doc:  "Changes with their kind: {\"op\": \"+I\", \"data\": row}, or -U, +U or -D. Without a key 'op' a row is an insert.",
		keys: map[string]content{"op": kindOf, "data": newRow}, op: "op",
		ops: map[string]change{"+I": exact, "-U": exactUB, "+U": exactUA, "-D": exactD},
		changes: func(o setting.Values) graph.Changes {
			switch o.Enum(modeOption) {
			case "I":
				return graph.InsertOnly
			case "I,UA,D":
				return graph.Upsert
			}
			return graph.Retract
		},
		begin: [2]string{`{"op":"`, `{"op":"`}, end: [2]string{`}`, `}`}, kinds: true,
	},
}

func init() {
	for _, e := range envelopes {
		format.Register(&format.Spec{
			Name: e.name, Doc: e.doc, Options: e.options, Extension: ".json", Changes: e.changes,
			NewDecoder: func(c format.Config) (format.Decoder, error) { return newChangeDecoder(e, c) },
			NewEncoder: func(c format.Config) (format.Encoder, error) { return newChangeEncoder(e, c) },
		})
	}
}
