package filesystem

import (
	"slices"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
)

// selectConnector is the name of the connector that reads files by queries.
const selectConnector = "s3-select"

// selectSpec is the filesystem as a source that asks the store where it can.
func selectSpec() *connector.Spec {
	of := spec()
	s := &connector.Spec{
		Name: selectConnector,
		Doc: "Objects of an S3-compatible store, of which the store sends only the columns and rows that a query needs, by SelectObjectContent. It is the source of 'filesystem' with " +
			"'scan.select' = 'auto': where the store does not answer, or that is faster, objects are read by ranged GET, with the same rows; EXPLAIN tells which and why, and results what the queries " +
			"have moved. Objects of CSV and JSON lines, also compressed by gzip or bzip2, and of Parquet are asked for; large ones by several ranges at once, unless they are compressed or the store knows no " +
			"ranges of Parquet (MinIO, where MINIO_API_SELECT_PARQUET=on allows Parquet at all). Conditions of `=`, `<>` and IN on STRING columns, comparisons of numbers, IS NULL, BOOLEAN columns of Parquet, AND and OR " +
			"are computed by the store, as far as they mean the same there, and again here. What stores give in ways of their own makes that objects are read as they are: FLOAT and DECIMAL as numbers of JSON, " +
			"whole numbers from 2^53 on, other values than texts in STRING columns; DECIMAL, TIME and TIMESTAMP of Parquet.",
		Example: "CREATE TABLE requests (\n  requested_at STRING,\n  host STRING,\n  status INT\n) WITH (\n  'connector' = 's3-select',\n  'path' = 's3://logs/2024/',\n  'format' = 'csv'\n)",
		Guarantee: "Each row once, also through a checkpoint within an object: a position is a range of the object, or all of a compressed one, and the number of rows that pass the conditions in it, " +
			"of the version that was found.",
		Formats: true, Metadata: of.Metadata, NewSource: of.NewSource,
	}
	for _, o := range of.Options {
		switch o {
		case selectOption:
			auto := *o
			auto.Default = "auto"
			s.Options = append(s.Options, &auto)
		case fileSizeOption, rolloverOption, inactivityOption, checkOption, visibilityOption, compressionOption:
		default:
			s.Options = append(s.Options, o)
		}
	}
	sinkAndLookup := slices.Concat(partitionCommitOptions, connector.FullTableOptions)
	s.Options = slices.DeleteFunc(s.Options, func(o *setting.Option) bool { return slices.Contains(sinkAndLookup, o) })
	return s
}

// specOf is the connector of a table.
func specOf(name string) *connector.Spec {
	if name == selectConnector {
		return selectSpec()
	}
	return spec()
}
