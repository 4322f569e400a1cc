package peers

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// gatewayAnswers stands for an SQL Gateway and a JobManager: one answer, or several in turn, by method and
// path.
type gatewayAnswers map[string][]string

func (g gatewayAnswers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := r.Method + " " + r.URL.RequestURI()
	answers := g[request]
	if len(answers) == 0 {
		http.Error(w, "unexpected "+request, http.StatusNotFound)
		return
	}
	if len(answers) > 1 {
		g[request] = answers[1:]
	}
	if strings.Contains(answers[0], `"errors"`) {
		w.WriteHeader(http.StatusInternalServerError)
	}
	if _, err := io.WriteString(w, answers[0]); err != nil {
		panic(err)
	}
}

func TestSubmit(t *testing.T) {
	const result = "GET /v4/sessions/s/operations/o/result/"
	answers := gatewayAnswers{
		"POST /v4/sessions":              {`{"sessionHandle": "s"}`},
		"POST /v4/sessions/s/statements": {`{"operationHandle": "o"}`},
		result + "0?rowFormat=JSON": {`{"resultType": "NOT_READY", "nextResultUri": "/v4/sessions/s/operations/o/result/0?rowFormat=JSON"}`,
			`{"resultType": "PAYLOAD", "isQueryResult": true, "jobID": "j", "nextResultUri": "/v4/sessions/s/operations/o/result/1?rowFormat=JSON",
			  "results": {"columns": [{"name": "n", "logicalType": {"type": "VARCHAR", "nullable": true, "length": 3}}],
			  "data": [{"kind": "INSERT", "fields": ["a"]}]}}`},
		result + "1?rowFormat=JSON": {`{"resultType": "PAYLOAD", "isQueryResult": true, "jobID": "j", "nextResultUri": "/v4/sessions/s/operations/o/result/2?rowFormat=JSON",
			  "results": {"columns": [], "data": [{"kind": "UPDATE_AFTER", "fields": [12345678901234567890]}]}}`},
		result + "2?rowFormat=JSON": {`{"resultType": "EOS", "jobID": "j", "results": {"columns": [], "data": []}}`},
		"GET /jobs/j":               {`{"state": "RUNNING", "duration": 10}`, `{"state": "FINISHED", "duration": 1500}`},
	}
	server := httptest.NewServer(answers)
	defer server.Close()
	ctx := context.Background()
	session, err := (&FlinkCluster{Gateway: server.URL, REST: server.URL}).Session(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := session.Submit(ctx, "SELECT n FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if want := []SQLColumn{{"n", "VARCHAR(3)"}}; !slices.Equal(got.Columns, want) {
		t.Errorf("columns are %v, want %v", got.Columns, want)
	}
	if got.JobID != "j" || got.Job != 1500*time.Millisecond || len(got.Rows) != 2 ||
		got.Rows[0].Kind != "INSERT" || got.Rows[1].Fields[0] != json.Number("12345678901234567890") {
		t.Errorf("got %+v", got)
	}

	answers["GET /jobs/j"] = []string{`{"state": "FAILED"}`}
	answers["GET /jobs/j/exceptions"] = []string{`{"exceptionHistory": {"entries": [{"stacktrace": "java.lang.RuntimeException: outer\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: disk\n\tat d.e(F.java:2)\n"}]}}`}
	_, err = session.Submit(ctx, "INSERT INTO t SELECT 1")
	if want := "INSERT INTO t SELECT 1: job j is FAILED: java.io.IOException: disk"; err == nil || err.Error() != want {
		t.Errorf("a failed job gives %v, want %s", err, want)
	}

	answers[result+"0?rowFormat=JSON"] = []string{`{"errors": ["Internal server error.", "<Exception on server side:\norg.X: failed\n\tat a.b(C.java:1)\nCaused by: org.Y: Column 'm' not found\n\tat d.e(F.java:2)\n\nEnd of exception on server side>"]}`}
	_, err = session.Submit(ctx, "SELECT m FROM t")
	if want := "SELECT m FROM t: org.Y: Column 'm' not found"; err == nil || err.Error() != want {
		t.Errorf("a wrong statement gives %v, want %s", err, want)
	}

	answers[result+"0?rowFormat=JSON"] = []string{`{"resultType": "NOT_READY", "nextResultUri": "/v4/sessions/s/operations/o/result/0?rowFormat=JSON"}`}
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err = session.Submit(limited, "SELECT slow FROM t"); err == nil {
		t.Error("a statement without an end ended")
	}
}
