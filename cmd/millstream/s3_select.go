package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
)

// selecting is one call of select.
type selecting struct {
	o                              *objectTools
	input, output, header, divider string
}

func (o *objectTools) selectVerb() *cobra.Command {
	s := &selecting{o: o}
	c := &cobra.Command{
		Use:   "select QUERY URL...",
		Short: "Let the store run a query over objects of CSV, JSON or Parquet",
		Long: `Let the store run a query of S3 SELECT over objects, one after the other, and write the rows that it finds. The object is S3Object in the query.
Columns of CSV have the names in its first line; with --header none or ignore they are _1, _2, …

What an object is, its name says (.csv, .tsv, .json, .jsonl, .ndjson, .parquet, each also with .gz or .bz2), or --input.`,
		Example: `  millstream s3 select "SELECT * FROM S3Object s LIMIT 5" s3://input/orders.csv
  millstream s3 select -o json "SELECT s.city, s.n FROM S3Object s WHERE CAST(s.n AS INT) > 5" 's3://input/*.csv.gz'
  millstream s3 select --header none "SELECT COUNT(*) FROM S3Object s WHERE s._2 = 'x'" s3://input/raw.csv`,
		Args: usageArgs(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			for _, url := range args[1:] {
				if err := s.run(c.Context(), args[0], url); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&s.input, "input", "", "what the objects are: `FORMAT` csv, tsv, json (lines), json-document or parquet")
	c.Flags().StringVarP(&s.output, "output", "o", "csv", "write rows as `FORMAT`: csv or json")
	c.Flags().StringVar(&s.header, "header", "use", "the first line of CSV: `HOW` use, ignore or none")
	c.Flags().StringVar(&s.divider, "delimiter", "", "`TEXT` between the fields of CSV, instead of a comma")
	return c
}

func (s *selecting) run(ctx context.Context, query, url string) error {
	sources, err := s.o.sources(ctx, url, false)
	if err != nil {
		return err
	}
	for _, from := range sources {
		q, err := s.selection(query, from.info.Key)
		if err != nil {
			return err
		}
		rows, err := objstore.Select(ctx, from.store, from.info.Key, q)
		if err != nil {
			return err
		}
		_, err = io.Copy(s.o.out, rows)
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	selectFormats = []string{"csv", "tsv", "json", "json-document", "parquet"}
	selectHeaders = map[string]objstore.SelectHeader{
		"use": objstore.SelectUseHeader, "ignore": objstore.SelectIgnoreHeader, "none": objstore.SelectNoHeader,
	}
)

// selection makes the request for one object.
func (s *selecting) selection(query, key string) (objstore.Selection, error) {
	q := objstore.Selection{Query: query, Scan: objstore.All}
	name := strings.ToLower(key)
	for ending, compression := range map[string]objstore.SelectCompression{".gz": objstore.SelectGzip, ".bz2": objstore.SelectBzip2} {
		if rest, ok := strings.CutSuffix(name, ending); ok {
			name, q.Input.Compression = rest, compression
			break
		}
	}
	format := s.input
	if format == "" {
		format = name[strings.LastIndexByte(name, '.')+1:]
		if format == "jsonl" || format == "ndjson" {
			format = "json"
		}
		if !slices.Contains(selectFormats, format) {
			return q, usagef("the name %s does not say what is in it: say --input %s", key, strings.Join(selectFormats, ", "))
		}
	}
	header, ok := selectHeaders[s.header]
	if !ok {
		return q, usagef("--header %s is unknown: it is use, ignore or none", s.header)
	}
	switch format {
	case "csv":
		q.Input.Header, q.Input.Field = header, s.divider
	case "tsv":
		q.Input.Header, q.Input.Field = header, "\t"
	case "json":
		q.Input.Format = objstore.SelectJSONLines
	case "json-document":
		q.Input.Format = objstore.SelectJSONDocument
	case "parquet":
		q.Input.Format = objstore.SelectParquet
	default:
		return q, usagef("--input %s is unknown: it is one of %s", format, strings.Join(selectFormats, ", "))
	}
	switch s.output {
	case "csv":
	case "json":
		q.Output.Format = objstore.SelectJSONLines
	default:
		return q, usagef("--output %s is unknown: it is csv or json", s.output)
	}
	return q, nil
}
