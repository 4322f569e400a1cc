// Package all links every connector and format into a program: import it for its side effects.
package all

import (
	// Connectors.
	_ "github.com/millstream/millstream/connector/blackhole"
	_ "github.com/millstream/millstream/connector/datagen"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/print"

	// Formats.
	_ "github.com/millstream/millstream/connector/format/csv"
	_ "github.com/millstream/millstream/connector/format/json"
	_ "github.com/millstream/millstream/connector/format/parquet"
	_ "github.com/millstream/millstream/connector/format/parquet"
	_ "github.com/millstream/millstream/connector/format/json"
	_ "github.com/millstream/millstream/connector/format/parquet"
	_ "github.com/millstream/millstream/connector/format/raw"
)
