// Package all links every connector and format into a program: import it for its side effects.
package all

import (
	_ "github.com/millstream/millstream/connector/blackhole"
	_ "github.com/millstream/millstream/connector/datagen"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/all"
	_ "github.com/millstream/millstream/connector/nexmark"
	_ "github.com/millstream/millstream/connector/print"
	_ "github.com/millstream/millstream/connector/s3events"
	_ "github.com/millstream/millstream/connector/savepoint"
)
