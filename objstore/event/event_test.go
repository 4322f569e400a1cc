package event

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// What stores send, and what is made of it.
func TestParse(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	tests := []struct {
		name, body string
		want       []Event
	}{
		{"S3", `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"2026-03-04T05:06:07.089Z",
			"eventName":"ObjectCreated:CompleteMultipartUpload","userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},
			"requestParameters":{"sourceIPAddress":"172.16.0.1"},"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810","x-amz-id-2":"FMyUVURI"},
			"s3":{"s3SchemaVersion":"1.0","configurationId":"c","bucket":{"name":"b","ownerIdentity":{"principalId":"A3N"},"arn":"arn:aws:s3:::b"},
			"object":{"key":"in/Happy+Face%2B100%25.jpg","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e-2","versionId":"096fKKX","sequencer":"0055AED6DCD90281E5"}}}]}`,
			[]Event{{Name: "ObjectCreated:CompleteMultipartUpload", Time: at, Bucket: "b", Key: "in/Happy Face+100%.jpg", Size: 1024,
				ETag: "d41d8cd98f00b204e9800998ecf8427e-2", VersionID: "096fKKX", Sequencer: "0055AED6DCD90281E5", Region: "us-west-2",
				Principal: "AIDAJDPLRKLG7UEXAMPLE", SourceIP: "172.16.0.1", RequestID: "C3D13FE58DE4C810"}}},
		{"MinIO", `{"EventName":"s3:ObjectCreated:Put","Key":"b/in/ü.csv","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"",
			"eventTime":"2026-03-04T05:06:07.089Z","eventName":"s3:ObjectCreated:Put","userIdentity":{"principalId":"minio"},
			"requestParameters":{"principalId":"minio","region":"","sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"17"},
			"s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"b","ownerIdentity":{"principalId":"minio"},"arn":"arn:aws:s3:::b"},
			"object":{"key":"in%2F%C3%BC.csv","size":5,"eTag":"e","contentType":"text/csv",
			"userMetadata":{"X-Amz-Meta-Origin":"till 7","content-type":"text/csv","Cache-Control":"no-cache","X-Amz-Tagging":"a=b"},"sequencer":"17F"}},
			"source":{"host":"127.0.0.1","port":"","userAgent":"MinIO (linux; amd64)"}}]}`,
			[]Event{{Name: "ObjectCreated:Put", Time: at, Bucket: "b", Key: "in/ü.csv", Size: 5, ETag: "e", Sequencer: "17F", ContentType: "text/csv",
				UserData: map[string]string{"origin": "till 7"}, Principal: "minio", SourceIP: "127.0.0.1", RequestID: "17"}}},
		{"EventBridge", `{"version":"0","id":"17","detail-type":"Object Created","source":"aws.s3","account":"1","time":"2026-03-04T05:06:07.089Z","region":"ca-central-1",
			"resources":["arn:aws:s3:::b"],"detail":{"version":"0","bucket":{"name":"b"},"object":{"key":"a+b c%","size":5,"etag":"e","version-id":"v","sequencer":"617"},
			"request-id":"N4","requester":"123","source-ip-address":"1.2.3.4","reason":"PutObject"}}`,
			[]Event{{Name: "ObjectCreated:Put", Time: at, Bucket: "b", Key: "a+b c%", Size: 5, ETag: "e", VersionID: "v", Sequencer: "617",
				Region: "ca-central-1", Principal: "123", SourceIP: "1.2.3.4", RequestID: "N4"}}},
		{"SNS", `{"Type":"Notification","MessageId":"m","TopicArn":"arn","Subject":"Amazon S3 Notification",
			"Message":"{\"Records\":[{\"eventName\":\"ObjectRemoved:Delete\",\"eventTime\":\"2026-03-04T05:06:07.089Z\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}"}`,
			[]Event{{Name: "ObjectRemoved:Delete", Time: at, Bucket: "b", Key: "k"}}},
		{"a test", `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"b","RequestId":"5582","HostId":"8cLe"}`, nil},
		{"nothing", `{"Records":[]}`, []Event{}},
	}
	for _, test := range tests {
		got, err := Parse([]byte(test.body))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for body, want := range map[string]string{
		``:                  "no JSON object",
		`[]`:                "no JSON object",
		`{"Records":[]} {}`: "behind",
		`{}`:                "no Records",
		`{"Records":[{}]}`:  "record 1 of the notification: there is no eventName",
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"k"}}}]}`:                                     "no s3.bucket.name",
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"}}}]}`:                                    "no s3.object.key",
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a%zz"}}}]}`:            `key "a%zz" is not encoded`,
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a","size":-1}}}]}`:     "size is -1",
		`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a","size":"many"}}}]}`: "no JSON object",
		`{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}`:                              "no Records",
		`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{}}}`:                 "no s3.object.key",
	} {
		list, err := Parse([]byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || list != nil {
			t.Errorf("%s: got %v, %v, want an error with %q", body, list, err, want)
		}
	}
}

func TestBefore(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{{"17F", "180", true}, {"180", "17f", false}, {"F", "10", true}, {"00F", "F", false}, {"", "1", false}, {"1", "", false}, {"ab", "AC", true}} {
		if got := (&Event{Sequencer: test.a}).Before(&Event{Sequencer: test.b}); got != test.want {
			t.Errorf("%q before %q: %v", test.a, test.b, got)
		}
	}
}

// What Format writes, Parse reads, and what FormatPlain does, ParsePlain.
func FuzzFormat(f *testing.F) {
	f.Add("ObjectCreated:Put", "b", "in/a b+c%2F\u2028ü", "e", "17F", "name", "value", int64(5))
	f.Fuzz(func(t *testing.T, name, bucket, key, etag, sequencer, field, value string, size int64) {
		e := Event{Name: name, Time: time.Unix(17, 5e6).UTC(), Bucket: bucket, Key: key, Size: size, ETag: etag, Sequencer: sequencer}
		field = strings.ToLower(field)
		if field != "" && field != "content-type" && !strings.HasPrefix(field, "x-amz-meta-") {
			e.UserData = map[string]string{field: value}
		}
		for _, text := range []string{name, bucket, etag, sequencer, field, value} {
			if text != strings.ToValidUTF8(text, "") || strings.ContainsAny(text, `"`) || strings.HasPrefix(text, "s3:") || strings.ToLower(strings.ToUpper(field)) != field {
				t.Skip()
			}
		}
		if e.check() != nil {
			t.Skip()
		}
		got, err := Parse(Format([]Event{e, e}))
		if err != nil || !reflect.DeepEqual(got, []Event{e, e}) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, e)
		}
		if key != strings.ToValidUTF8(key, "") {
			t.Skip()
		}
		if got, err = ParsePlain(FormatPlain([]Event{e, e})); err != nil || !reflect.DeepEqual(got, []Event{e, e}) {
			t.Errorf("plain: got %+v, %v\nwant %+v", got, err, e)
		}
	})
}
