package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// object writes records of about 60 bytes as CSV, of which each hundredth passes, until they would have so many bytes there; in Parquet they have fewer.
func object(name string, size int) (data []byte, pass int, err error) {
	if name == "parquet" {
		return parquetObject(size / 60)
	}
	data = make([]byte, 0, size+200)
	for i := 0; len(data) < size; i++ {
		switch name {
		case "csv":
			data = strconv.AppendInt(data, int64(i), 10)
			data = fmt.Appendf(data, ",%s,%d,%s\n", host(i), i%100, url(i))
		case "json":
			data = fmt.Appendf(data, `{"id":%d,"host":"%s","percent":%d,"url":"%s"}`+"\n", i, host(i), i%100, url(i))
		default:
			return nil, 0, fmt.Errorf("format %q: csv, json and parquet are measured", name)
		}
		if passes(i) {
			pass++
		}
	}
	return data, pass, nil
}

func host(i int) string { return "host-" + strconv.Itoa(i%1000) + ".example.org" }
func url(i int) string  { return "/a/path/of/some/length?q=" + strconv.Itoa(i*7) }
func passes(i int) bool { return i%100 == 42 }

func parquetObject(rows int) (data []byte, pass int, err error) {
	spec, ok := format.Lookup("parquet")
	if !ok {
		return nil, 0, fmt.Errorf("there is no format parquet")
	}
	options, err := setting.Check(spec.Options, map[string]string{"block.size": "16mb"})
	if err != nil {
		return nil, 0, err
	}
	var file bytes.Buffer
	w, err := spec.NewFile(&file, format.Config{Options: options, Columns: fields})
	if err != nil {
		return nil, 0, err
	}
	for i := 0; i < rows; {
		b := column.NewBatch(fields, 4096)
		for ; b.Len < 4096 && i < rows; i++ {
			column.Append(b.Cols[0], int64(i))
			b.Cols[1].AppendString(host(i))
			column.Append(b.Cols[2], int32(i%100))
			b.Cols[3].AppendString(url(i))
			b.Len++
			if passes(i) {
				pass++
			}
		}
		if err := w.Write(b); err != nil {
			return nil, 0, err
		}
	}
	err = w.Close()
	return file.Bytes(), pass, err
}
