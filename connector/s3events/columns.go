package s3events

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore/event"
)

// batchRows is the most rows of a batch.
const batchRows = 1024

// filler adds an event's value to the vector of a column.
type filler func(v *column.Vector, e *event.Event)

// field is a column that a table may have.
type field struct {
	name string
	t    column.Type
	fill filler
}

// fields are all of them. What an event does not have is NULL.
var fields = []field{
	{"event_name", column.Str(), text(func(e *event.Event) string { return e.Name })},
	{"event_time", column.Sized(column.TimestampLTZ, 3), func(v *column.Vector, e *event.Event) {
		column.Append(v, e.Time.UnixMilli())
	}},
	{"bucket", column.Str(), text(func(e *event.Event) string { return e.Bucket })},
	{"key", column.Str(), text(func(e *event.Event) string { return e.Key })},
	{"size", column.Of(column.BigInt), func(v *column.Vector, e *event.Event) {
		if e.Size == 0 && !e.Created() {
			v.AppendNull()
			return
		}
		column.Append(v, e.Size)
	}},
	{"etag", column.Str(), text(func(e *event.Event) string { return e.ETag })},
	{"version_id", column.Str(), text(func(e *event.Event) string { return e.VersionID })},
	{"sequencer", column.Str(), text(func(e *event.Event) string { return e.Sequencer })},
	{"content_type", column.Str(), text(func(e *event.Event) string { return e.ContentType })},
	{"user_metadata", column.MapOf(column.Str(), column.Str()), userMetadata},
	{"source_ip", column.Str(), text(func(e *event.Event) string { return e.SourceIP })},
	{"principal", column.Str(), text(func(e *event.Event) string { return e.Principal })},
	{"region", column.Str(), text(func(e *event.Event) string { return e.Region })},
	{"request_id", column.Str(), text(func(e *event.Event) string { return e.RequestID })},
}

func text(of func(e *event.Event) string) filler {
	return func(v *column.Vector, e *event.Event) {
		if s := of(e); s != "" {
			v.AppendString(s)
		} else {
			v.AppendNull()
		}
	}
}

// userMetadata adds a map, in the order of its keys.
func userMetadata(v *column.Vector, e *event.Event) {
	if e.UserData == nil {
		v.AppendNull()
		return
	}
	v.Reserve(1) // makes the children
	keys := make([]string, 0, len(e.UserData))
	for k := range e.UserData {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		v.Children[0].AppendString(k)
		v.Children[1].AppendString(e.UserData[k])
	}
	v.AppendList(len(keys))
}

// columnTexts are the columns as a statement declares them.
func columnTexts() []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name + " " + f.t.String()
	}
	return list
}

// fillers returns how the projected columns are filled, and checks all of them.
func fillers(req *connector.SourceRequest) ([]filler, error) {
	if len(req.Table.Metadata) > 0 {
		return nil, errors.New("there are no metadata columns: all that is known of an event is in columns")
	}
	all := make([]filler, len(req.Table.Columns))
	for i, c := range req.Table.Columns {
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == c.Name })
		if at < 0 {
			return nil, fmt.Errorf("events have no column '%s'; there are %s", c.Name, strings.Join(columnTexts(), ", "))
		}
		if !c.Type.SameAs(fields[at].t) {
			return nil, fmt.Errorf("the column '%s' of events is %s and not %s", c.Name, fields[at].t, c.Type.Optional())
		}
		if c.Type.NotNull && !slices.Contains([]string{"event_name", "event_time", "bucket", "key"}, c.Name) {
			return nil, fmt.Errorf("the column '%s' may be NULL: not every event has one", c.Name)
		}
		all[i] = fields[at].fill
	}
	list := make([]filler, len(req.Project))
	for i, p := range req.Project {
		list[i] = all[p]
	}
	return list, nil
}
