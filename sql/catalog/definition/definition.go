// Package definition writes the objects of a catalog as JSON and reads them again: for a catalog whose definitions are kept as files, and for
// compiled plans.
//
// A [catalog.Object] enters [Encode], which writes everything that CREATE and ALTER have decided: resolved types, and the expressions of
// computed columns, watermarks and views as SQL. [Decode] gives back an equal object. Types are written as SQL prints them; whoever decodes
// hands in how to read them, since resolving types is the binder's.
//
// What must hold: an object survives the way through JSON whatever it holds; what a newer version has written is refused, not misread.
package definition

import (
	"encoding/json"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// Version is that of the JSON that [Encode] writes.
const Version = 1

// object is any object as JSON. Kind says which of the fields there are.
type object struct {
	Version int    `json:"version"`
	Kind    string `json:"kind"` // table, view, function or model
	Comment string `json:"comment,omitempty"`

	Columns      []columnJSON      `json:"columns,omitempty"`
	Watermark    *watermarkJSON    `json:"watermark,omitempty"`
	PrimaryKey   *keyJSON          `json:"primaryKey,omitempty"`
	PartitionBy  []string          `json:"partitionedBy,omitempty"`
	Distribution *distributionJSON `json:"distribution,omitempty"`
	Partitions   []partitionJSON   `json:"partitions,omitempty"`
	Options      map[string]string `json:"options,omitempty"`
	View         *viewJSON         `json:"view,omitempty"`
	Function     *functionJSON     `json:"function,omitempty"`
	Input        []columnJSON      `json:"input,omitempty"`
	Output       []columnJSON      `json:"output,omitempty"`
}

type columnJSON struct {
	Name    string  `json:"name"`
	Type    string  `json:"type"`
	Kind    string  `json:"kind,omitempty"` // computed or metadata; otherwise it is stored
	Expr    string  `json:"expression,omitempty"`
	Key     string  `json:"key,omitempty"`
	Virtual bool    `json:"virtual,omitempty"`
	Time    string  `json:"time,omitempty"` // rowtime or proctime
	Comment *string `json:"comment,omitempty"`
}

type watermarkJSON struct {
	Column string `json:"column"`
	Expr   string `json:"expression"`
}

type keyJSON struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

type distributionJSON struct {
	Kind    string   `json:"kind,omitempty"` // hash or range; otherwise it is left to the connector
	Columns []string `json:"columns,omitempty"`
	Buckets string   `json:"buckets,omitempty"`
}

type partitionJSON struct {
	Values  []string          `json:"values"`
	Options map[string]string `json:"options,omitempty"`
}

type viewJSON struct {
	Query    string `json:"query"`
	Shown    string `json:"shown"`
	Catalog  string `json:"catalog"`
	Database string `json:"database"`
}

type functionJSON struct {
	Class     string   `json:"class"`
	Language  string   `json:"language,omitempty"`
	Resources []string `json:"resources,omitempty"`
}

// Encode writes an object. The name is not in it.
func Encode(o catalog.Object) ([]byte, error) {
	out := object{Version: Version, Kind: o.Label()}
	switch o := o.(type) {
	case *catalog.Table:
		encodeTable(&out, o)
	case *catalog.Function:
		out.Function = &functionJSON{o.Class, o.Language, o.Resources}
	case *catalog.Model:
		out.Comment, out.Options = o.Comment, o.Options
		out.Input, out.Output = encodeColumns(o.Input), encodeColumns(o.Output)
	}
	return json.MarshalIndent(&out, "", "  ")
}

// Decode reads an object of a name. parseType reads a type as [column.Type.String] writes it.
func Decode(data []byte, name catalog.Path, parseType func(string) (column.Type, error)) (catalog.Object, error) {
	var in object
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("it is no definition: %w", err)
	}
	if in.Version < 1 || in.Version > Version {
		return nil, fmt.Errorf("its definition has version %d, and this program reads version %d", in.Version, Version)
	}
	d := decoder{parseType}
	switch {
	case in.Kind == "table", in.Kind == "view" && in.View != nil:
		return d.table(&in, name)
	case in.Kind == "function" && in.Function != nil:
		return &catalog.Function{Path: name, Class: in.Function.Class, Language: in.Function.Language, Resources: in.Function.Resources}, nil
	case in.Kind == "model":
		m := &catalog.Model{Path: name, Comment: in.Comment, Options: in.Options}
		var err error
		if m.Input, err = d.columns(in.Input); err != nil {
			return nil, err
		}
		m.Output, err = d.columns(in.Output)
		return m, err
	}
	return nil, fmt.Errorf("its definition is of an unknown kind '%s'", in.Kind)
}

// sql writes an expression or a query so that it can be read again.
func sql(n syntax.Node) string { return syntax.Style{QuoteNames: true}.Format(n) }
