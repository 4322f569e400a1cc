package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// notification is a body: S3's list of records, which MinIO puts beside a name and a key; S3's test message; Amazon SNS's envelope; or an
// event of Amazon EventBridge.
type notification struct {
	Records *[]record `json:"Records"`
	Event   string    `json:"Event"` // of the test message

	Type    string `json:"Type"` // of SNS
	Message string `json:"Message"`

	Source     string    `json:"source"` // of EventBridge
	DetailType string    `json:"detail-type"`
	Region     string    `json:"region"`
	Time       time.Time `json:"time"`
	Detail     *detail   `json:"detail"`
}

// record is a record of version 2 of S3's notifications.
type record struct {
	EventName string    `json:"eventName"`
	EventTime time.Time `json:"eventTime"`
	Region    string    `json:"awsRegion"`
	User      struct {
		Principal string `json:"principalId"`
	} `json:"userIdentity"`
	Request struct {
		SourceIP string `json:"sourceIPAddress"`
	} `json:"requestParameters"`
	Response map[string]string `json:"responseElements"`
	S3       struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key         string            `json:"key"` // as in a query, where "+" is a space; or as it is
			Size        int64             `json:"size"`
			ETag        string            `json:"eTag"`
			VersionID   string            `json:"versionId"`
			Sequencer   string            `json:"sequencer"`
			ContentType string            `json:"contentType"`
			UserData    map[string]string `json:"userMetadata"`
		} `json:"object"`
	} `json:"s3"`
}

// detail is the detail of an event of EventBridge.
type detail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"` // as it is
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
	RequestID string `json:"request-id"`
	Requester string `json:"requester"`
	SourceIP  string `json:"source-ip-address"`
	Reason    string `json:"reason"` // "PutObject", "CopyObject", …
}

// Parse reads the body of a notification. A test message has no events. After an error no event of the body counts.
func Parse(body []byte) ([]Event, error) { return parse(body, true, url.QueryUnescape) }

// ParsePlain is [Parse] for bodies with keys as they are, which is how MinIO answers those who listen. What it sends to targets has them encoded.
func ParsePlain(body []byte) ([]Event, error) {
	return parse(body, false, func(key string) (string, error) { return key, nil })
}

func parse(body []byte, envelope bool, decode func(key string) (string, error)) ([]Event, error) {
	var n notification
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&n); err != nil {
		return nil, fmt.Errorf("the notification is no JSON object of S3's: %w", err)
	}
	if d.More() {
		return nil, errors.New("something stands behind the notification's JSON object")
	}
	switch {
	case n.Records != nil:
		list := make([]Event, len(*n.Records))
		for i := range list {
			var err error
			if list[i], err = (*n.Records)[i].event(decode); err != nil {
				return nil, fmt.Errorf("record %d of the notification: %w", i+1, err)
			}
		}
		return list, nil
	case n.Event == "s3:TestEvent":
		return nil, nil
	case n.Type == "Notification" && envelope:
		return parse([]byte(n.Message), false, decode)
	case n.Source == "aws.s3" && n.Detail != nil:
		e, err := n.bridged()
		if err != nil {
			return nil, err
		}
		return []Event{e}, nil
	}
	return nil, errors.New("the notification has no Records: it is not one of S3's")
}

func (r *record) event(decode func(key string) (string, error)) (Event, error) {
	o := &r.S3.Object
	key, err := decode(o.Key)
	if err != nil {
		return Event{}, fmt.Errorf("key %q is not encoded as in a URL: %w", o.Key, err)
	}
	e := Event{
		Name: strings.TrimPrefix(r.EventName, "s3:"), Time: r.EventTime.UTC(), Bucket: r.S3.Bucket.Name, Key: key, Size: o.Size,
		ETag: strings.Trim(o.ETag, `"`), VersionID: o.VersionID, Sequencer: o.Sequencer, ContentType: o.ContentType,
		Region: r.Region, Principal: r.User.Principal, SourceIP: r.Request.SourceIP, RequestID: r.Response["x-amz-request-id"],
	}
	for k, v := range o.UserData {
		name, own := strings.CutPrefix(strings.ToLower(k), "x-amz-meta-")
		if !own { // MinIO lists what describes the bytes among them, such as content-type and cache-control
			continue
		}
		if e.UserData == nil {
			e.UserData = map[string]string{}
		}
		e.UserData[name] = v
	}
	return e, e.check()
}

// names are the events of EventBridge by S3's names.
var names = map[string]string{
	"Object Created": "ObjectCreated:", "Object Deleted": "ObjectRemoved:", "Object Restore Completed": "ObjectRestore:Completed",
	"Object Tags Added": "ObjectTagging:Put", "Object Tags Deleted": "ObjectTagging:Delete", "Object ACL Updated": "ObjectAcl:Put",
}

func (n *notification) bridged() (Event, error) {
	d := n.Detail
	name, known := names[n.DetailType]
	if !known {
		name = strings.ReplaceAll(n.DetailType, " ", "") + ":"
	}
	if strings.HasSuffix(name, ":") {
		if name += strings.TrimSuffix(strings.ReplaceAll(d.Reason, " ", ""), "Object"); strings.HasSuffix(name, ":") {
			name += "Unknown"
		}
	}
	e := Event{
		Name: name, Time: n.Time.UTC(), Bucket: d.Bucket.Name, Key: d.Object.Key, Size: d.Object.Size, ETag: strings.Trim(d.Object.ETag, `"`),
		VersionID: d.Object.VersionID, Sequencer: d.Object.Sequencer, Region: n.Region, Principal: d.Requester, SourceIP: d.SourceIP, RequestID: d.RequestID,
	}
	return e, e.check()
}

// check refuses events that do not say what happened to what.
func (e *Event) check() error {
	switch {
	case e.Name == "":
		return errors.New("there is no eventName")
	case e.Bucket == "":
		return errors.New("there is no s3.bucket.name")
	case e.Key == "":
		return errors.New("there is no s3.object.key")
	case e.Size < 0:
		return fmt.Errorf("s3.object.size is %d", e.Size)
	}
	return nil
}

// Format writes events as a body of S3's records, as MinIO sends them to targets.
func Format(list []Event) []byte { return format(list, url.QueryEscape) }

// FormatPlain is [Format] with keys as they are, for those who listen.
func FormatPlain(list []Event) []byte {
	return format(list, func(key string) string { return key })
}

func format(list []Event, encode func(key string) string) []byte {
	body := struct {
		EventName string   `json:"EventName,omitempty"`
		Key       string   `json:"Key,omitempty"`
		Records   []output `json:"Records"`
	}{Records: make([]output, len(list))}
	for i := range list {
		body.Records[i] = list[i].output(encode)
	}
	if len(list) > 0 {
		body.EventName, body.Key = "s3:"+list[0].Name, list[0].Bucket+"/"+list[0].Key
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // texts and numbers always can be
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// output is a record with what stands in it for certain.
type output struct {
	Version string `json:"eventVersion"`
	Source  string `json:"eventSource"`
	record
}

func (e *Event) output(encode func(key string) string) output {
	var r record
	r.EventName, r.EventTime, r.Region = "s3:"+e.Name, e.Time.UTC(), e.Region
	r.User.Principal, r.Request.SourceIP = e.Principal, e.SourceIP
	if e.RequestID != "" {
		r.Response = map[string]string{"x-amz-request-id": e.RequestID}
	}
	r.S3.Bucket.Name = e.Bucket
	o := &r.S3.Object
	o.Key, o.Size, o.ETag, o.VersionID, o.Sequencer, o.ContentType = encode(e.Key), e.Size, e.ETag, e.VersionID, e.Sequencer, e.ContentType
	for k, v := range e.UserData {
		if o.UserData == nil {
			o.UserData = map[string]string{}
		}
		o.UserData["X-Amz-Meta-"+k] = v
	}
	return output{"2.1", "millstream:s3", r}
}
