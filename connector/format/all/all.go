// Package all links every format: import it for its side effects. Connectors' tests use it; a program links connector/all.
package all

import (
	_ "github.com/millstream/millstream/connector/format/avro"
	_ "github.com/millstream/millstream/connector/format/csv"
	_ "github.com/millstream/millstream/connector/format/json"
	_ "github.com/millstream/millstream/connector/format/parquet"
	_ "github.com/millstream/millstream/connector/format/raw"
)
