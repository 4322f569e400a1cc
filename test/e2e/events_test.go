//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
)

// told is a row of events as it has to be.
type told struct {
	Name, Key, ETag, Version, Type string
	Size                           int64
	User                           string // metadata
}

func sortTold(list []told) {
	order := func(w told) string { return strings.Join([]string{w.Key, w.Name, w.Version}, "\x00") }
	slices.SortFunc(list, func(a, b told) int { return strings.Compare(order(a), order(b)) })
}

// eventTable is a table of the bucket's events by notifications of one kind. Listings come too late to tell of anything.
func eventTable(to targets, mode string) string {
	options := map[string]string{
		"kafka":   "'kafka.bootstrap.servers' = '" + to.kafka + "', 'kafka.topic' = '" + kafkaTopic + "', 'kafka.scan.startup.mode' = 'earliest-offset'",
		"nats":    "'nats.url' = '" + to.nats + "', 'nats.stream' = '" + natsStream + "', 'nats.subject' = '" + natsSubject + "', 'nats.scan.startup.mode' = 'earliest'",
		"webhook": "'webhook.listen' = '" + to.webhook + "', 'webhook.path' = '" + webhookPath + "', 'webhook.token' = '" + to.token + "'",
	}
	return "CREATE TABLE e (event_name STRING, bucket STRING, key STRING, size BIGINT, etag STRING, version_id STRING, content_type STRING, user_metadata MAP<STRING, STRING>, " +
		"source_ip STRING, sequencer STRING) WITH ('connector' = 's3-events', 'path' = 's3://input', 'scan.poll-interval' = '1 h', 'scan.mode' = '" + mode + "', " + options[mode] + ");"
}

// TestEventsOfTargets reads what a store's notifications say of objects with metadata, odd names and, where the store has them, versions, whichever way they come.
func TestEventsOfTargets(t *testing.T) {
	for name, start := range map[string]func(*testing.T, targets) *telling{"MinIO": tellingMinIO, "embedded store": tellingStore} {
		t.Run(name, func(t *testing.T) {
			to := startTargets(t)
			s := start(t, to)
			p := storePlace(t, s.store)
			want := tellOf(t, s, name == "MinIO")
			for _, mode := range []string{"kafka", "nats", "webhook"} { // the last one gets what the others have too once it is there
				rows := p.query(t, nil, eventTable(to, mode)+fmt.Sprintf("SELECT * FROM e LIMIT %d", len(want)))
				var got []told
				for _, row := range rows {
					size, _ := row["size"].(float64)
					text := func(column string) string { s, _ := row[column].(string); return s }
					user, _ := row["user_metadata"].(map[string]any)
					got = append(got, told{text("event_name"), text("key"), text("etag"), text("version_id"), text("content_type"), int64(size), fmt.Sprint(user)})
					if row["bucket"] != "input" || text("source_ip") == "" || text("sequencer") == "" {
						t.Errorf("%s: %v", mode, row)
					}
				}
				sortTold(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%.3000s", mode, diff)
				}
			}
		})
	}
}

// tellOf puts and removes objects, and returns the events that there have to be.
func tellOf(t *testing.T, s *telling, versions bool) (want []told) {
	t.Helper()
	client, err := s.store.Client()
	if err == nil && versions {
		err = client.EnableVersioning(t.Context(), "input")
	}
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, text string, opts minio.PutObjectOptions) minio.UploadInfo {
		t.Helper()
		info, err := client.PutObject(t.Context(), "input", key, strings.NewReader(text), int64(len(text)), opts)
		if err != nil {
			t.Fatal(err)
		}
		if versions == (info.VersionID == "") {
			t.Errorf("%q has the version %q", key, info.VersionID)
		}
		user := map[string]string{}
		for k, v := range opts.UserMetadata {
			user[strings.TrimPrefix(strings.ToLower(k), "x-amz-meta-")] = v
		}
		want = append(want, told{"ObjectCreated:Put", key, info.ETag, info.VersionID, opts.ContentType, info.Size, fmt.Sprint(user)})
		return info
	}
	for key := range oddKeys {
		put("in/"+key, "text of "+key, minio.PutObjectOptions{ContentType: "text/plain"})
	}
	// What describes the bytes is no metadata of the user's, and neither are tags.
	full := minio.PutObjectOptions{ContentType: "text/csv", CacheControl: "no-cache", ContentDisposition: "attachment", ContentLanguage: "en", ContentEncoding: "identity",
		UserMetadata: map[string]string{"Owner": "Ann", "x-amz-meta-content-type": "none", "two-words": "a b+c%20", "empty": ""}, UserTags: map[string]string{"color": "red"}}
	if !versions {
		full.UserTags = nil // which the embedded store has not
	}
	first := put("in/full", "abc", full)
	again := put("in/full", "abc", full)
	if versions && again.VersionID == first.VersionID {
		t.Errorf("two versions are %q", first.VersionID)
	}
	remove := minio.RemoveObjectOptions{}
	if versions {
		remove.VersionID = first.VersionID
		if err := client.RemoveObject(t.Context(), "input", "in/full", remove); err != nil {
			t.Fatal(err)
		}
		want = append(want, told{Name: "ObjectRemoved:Delete", Key: "in/full", Version: first.VersionID, User: "map[]"})
	}
	if err := client.RemoveObject(t.Context(), "input", "in/full", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	last := told{Name: "ObjectRemoved:Delete", Key: "in/full", User: "map[]"}
	if versions {
		last.Name = "ObjectRemoved:DeleteMarkerCreated"
		for o := range client.ListObjects(t.Context(), "input", minio.ListObjectsOptions{Prefix: "in/full", WithVersions: true}) {
			if o.IsDeleteMarker {
				last.Version = o.VersionID
			}
		}
	}
	want = append(want, last)
	sortTold(want)
	return want
}
