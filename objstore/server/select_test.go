package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/minio-go/v7"
)

// selectCSV runs a query over CSV with a header by minio-go.
func selectCSV(client *minio.Core, bucket, key, sql string) (string, *minio.SelectResults, error) {
	opts := minio.SelectObjectOptions{Expression: sql, ExpressionType: minio.QueryExpressionTypeSQL}
	opts.InputSerialization.CompressionType = minio.SelectCompressionNONE
	opts.InputSerialization.CSV = &minio.CSVInputOptions{FileHeaderInfo: minio.CSVFileHeaderInfoUse, RecordDelimiter: "\n", FieldDelimiter: ","}
	opts.OutputSerialization.CSV = &minio.CSVOutputOptions{RecordDelimiter: "\n", FieldDelimiter: ","}
	opts.RequestProgress.Enabled = true
	results, err := client.SelectObjectContent(context.Background(), bucket, key, opts)
	if err != nil {
		return "", nil, err
	}
	defer results.Close()
	data, err := io.ReadAll(results)
	return string(data), results, err
}

func TestSelect(t *testing.T) {
	_, client := withBucket(t, "data")
	var object, want strings.Builder
	object.WriteString("id,name,amount\n")
	for i := range 50_000 {
		fmt.Fprintf(&object, "%d,name %d,%d.5\n", i, i%7, i%1000)
		if i%1000 > 990 {
			fmt.Fprintf(&want, "%d,name %d\n", i, i%7)
		}
	}
	mustPut(t, client, "data", "dir/a b.csv", []byte(object.String()))
	got, results, err := selectCSV(client, "data", "dir/a b.csv", "SELECT s.id, s.name FROM S3Object s WHERE s.amount > 991")
	if err != nil || got != want.String() {
		t.Fatalf("got %d bytes, %v; want %d", len(got), err, want.Len())
	}
	stats := results.Stats()
	if size := int64(object.Len()); stats.BytesScanned < size-30 || stats.BytesScanned > size || stats.BytesReturned != int64(want.Len()) {
		t.Errorf("the statistics are %+v, of an object of %d bytes and a result of %d", stats, size, want.Len())
	}
	if results.Progress() == nil || results.Progress().BytesReturned != int64(want.Len()) {
		t.Errorf("the progress is %+v", results.Progress())
	}

	_, _, err = selectCSV(client, "data", "dir/a b.csv", "SELECT s.zip FROM S3Object s")
	wantCode(t, err, "MissingHeaders")
	_, _, err = selectCSV(client, "data", "dir/a b.csv", "SELECT FROM S3Object s")
	wantCode(t, err, "ParseUnexpectedKeyword")
	_, _, err = selectCSV(client, "data", "none", "SELECT * FROM S3Object s")
	wantCode(t, err, "NoSuchKey")
	_, _, err = selectCSV(client, "none", "none", "SELECT * FROM S3Object s")
	wantCode(t, err, "NoSuchBucket")
	_, _, err = selectCSV(client, "data", "dir/a b.csv", "SELECT CAST(s.name AS INT) FROM S3Object s")
	wantMessage(t, err, "CastFailed", "name 0")
}

// A client that goes away in the middle of an answer leaves nothing behind that keeps others from theirs.
func TestSelectAbandoned(t *testing.T) {
	_, client := withBucket(t, "data")
	mustPut(t, client, "data", "k", bytes.Repeat([]byte("some,longer,line,of,text\n"), 1<<20))
	opts := minio.SelectObjectOptions{Expression: "SELECT * FROM S3Object", ExpressionType: minio.QueryExpressionTypeSQL}
	opts.InputSerialization.CSV = &minio.CSVInputOptions{}
	opts.OutputSerialization.CSV = &minio.CSVOutputOptions{}
	for range 20 { // more than may run at a time
		ctx, cancel := context.WithCancel(context.Background())
		results, err := client.SelectObjectContent(ctx, "data", "k", opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(results, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		cancel()
		results.Close()
	}
	if got, _, err := selectCSV(client, "data", "k", "SELECT COUNT(*) FROM S3Object"); err != nil || got != "1048575\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// The SDK of AWS checks every message's checksums and knows the events by their names.
func TestSelectByAWS(t *testing.T) {
	instance, client := withBucket(t, "data")
	mustPut(t, client, "data", "k.json", []byte("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n{\"a\":3}\n"))
	sdk := s3.New(s3.Options{BaseEndpoint: &instance.Endpoint, Region: instance.Region, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: instance.AccessKey, SecretAccessKey: instance.SecretKey}, nil
		})})
	in := &s3.SelectObjectContentInput{Bucket: aws.String("data"), Key: aws.String("k.json"), ExpressionType: types.ExpressionTypeSql,
		Expression:          aws.String("SELECT s.b FROM S3Object s WHERE s.a >= 2"),
		InputSerialization:  &types.InputSerialization{JSON: &types.JSONInput{Type: types.JSONTypeLines}},
		OutputSerialization: &types.OutputSerialization{JSON: &types.JSONOutput{}},
		ScanRange:           &types.ScanRange{Start: aws.Int64(0), End: aws.Int64(20)}}
	out, err := sdk.SelectObjectContent(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	last := ""
	for event := range out.GetStream().Events() {
		last = fmt.Sprintf("%T", event)
		if records, ok := event.(*types.SelectObjectContentEventStreamMemberRecords); ok {
			got = append(got, records.Value.Payload...)
		}
	}
	out.GetStream().Close() // the SDK closes it too once End has come, and one of both may find the connection closed
	if string(got) != "{\"b\":\"y\"}\n" || !strings.HasSuffix(last, "MemberEnd") {
		t.Errorf("got %q and at last %s", got, last)
	}
	in.Expression = aws.String("SELECT")
	_, err = sdk.SelectObjectContent(t.Context(), in)
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "ParseSelectMissingFrom" {
		t.Errorf("a query that ends too early is answered by %v", err)
	}
}
