package all

import (
	"slices"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/suite"
)

func TestLinked(t *testing.T) {
	if got, want := connector.Names(), []string{"blackhole", "datagen", "filesystem", "nexmark", "print", "s3-events", "s3-select", "savepoint"}; !slices.Equal(got, want) {
		t.Errorf("the connectors are %v, want %v", got, want)
	}
	if got, want := format.Names(), []string{"avro", "canal-json", "changelog-json", "csv", "debezium-json", "json", "maxwell-json", "ogg-json", "parquet", "raw"}; !slices.Equal(got, want) {
		t.Errorf("the formats are %v, want %v", got, want)
	}
}

// The specs of those that have no rows to compare; the others run the whole suite.
func TestSpecs(t *testing.T) {
	for _, name := range connector.Names() {
		spec, _ := connector.Lookup(name)
		t.Run(name, func(t *testing.T) { suite.Run(t, suite.Config{Spec: spec}) })
	}
}
