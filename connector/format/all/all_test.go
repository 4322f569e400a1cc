package all

import (
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// Every format is documented in full, and its defaults make it work.
func TestSpecs(t *testing.T) {
	if names := format.Names(); !slices.Equal(names, []string{"avro", "canal-json", "changelog-json", "csv", "debezium-json", "json", "maxwell-json", "ogg-json", "parquet", "raw"}) {
		t.Fatalf("linked are %v", names)
	}
	for _, name := range format.Names() {
		spec, _ := format.Lookup(name)
		if !strings.HasPrefix(spec.Extension, ".") || !strings.HasSuffix(spec.Doc, ".") {
			t.Errorf("%s: extension %q, doc %q", name, spec.Extension, spec.Doc)
		}
		for _, o := range spec.Options {
			if err := o.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !strings.HasSuffix(o.Doc, ".") {
				t.Errorf("%s.%s: %q is no sentence", name, o.Key, o.Doc)
			}
		}
		if (spec.NewDecoder == nil) == (spec.OpenFile == nil) || (spec.NewEncoder == nil) == (spec.NewFile == nil) || (spec.OpenFile == nil) != (spec.SplitFile == nil) {
			t.Errorf("%s must have either a decoder or files with an index, and likewise for writing", name)
		}
		values, err := setting.Check(spec.Options, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := format.Config{Options: values, Columns: []column.Field{{Name: "a", Type: column.Str()}}}
		if spec.NewDecoder != nil {
			if _, err := spec.NewDecoder(c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if spec.NewEncoder != nil {
			if _, err := spec.NewEncoder(c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
