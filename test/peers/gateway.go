package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// SQLSession is a session of an SQL Gateway, Flink's or another's that speaks its REST protocol. It is used
// by one goroutine at a time.
type SQLSession struct {
	gateway string // http://HOST:PORT
	rest    string // of the JobManager, for jobs' times; empty if there is none
	handle  string
}

// SQLResult is what a statement gave.
type SQLResult struct {
	Columns []SQLColumn
	Rows    []SQLRow
	JobID   string        // empty for a statement that runs no job
	Job     time.Duration // the job's from its start to its end
}

// SQLColumn names a column and its type as Flink writes it, such as "DECIMAL(10, 2)".
type SQLColumn struct{ Name, Type string }

// SQLRow is a change: Kind is INSERT, UPDATE_BEFORE, UPDATE_AFTER or DELETE. Numbers are [json.Number].
type SQLRow struct {
	Kind   string
	Fields []any
}

// Session opens a session with settings such as "execution.runtime-mode": "batch".
func (c *FlinkCluster) Session(ctx context.Context, properties map[string]string) (*SQLSession, error) {
	s, err := OpenSession(ctx, c.Gateway, properties)
	if err == nil {
		s.rest = c.REST
	}
	return s, err
}

// OpenSession opens a session at an SQL Gateway's endpoint.
func OpenSession(ctx context.Context, gateway string, properties map[string]string) (*SQLSession, error) {
	if properties == nil {
		properties = map[string]string{}
	}
	var opened struct{ SessionHandle string }
	err := call(ctx, http.MethodPost, gateway+"/v4/sessions", map[string]any{"properties": properties}, &opened)
	return &SQLSession{gateway: gateway, handle: opened.SessionHandle}, err
}

// Close ends the session; jobs that it started go on.
func (s *SQLSession) Close(ctx context.Context) error {
	return call(ctx, http.MethodDelete, s.url(), nil, nil)
}

func (s *SQLSession) url() string { return s.gateway + "/v4/sessions/" + s.handle }

// pollResult is how long to wait for more of a result that is not complete.
const pollResult = 20 * time.Millisecond

// Submit runs one statement and waits for its end and for that of the job it starts, if any: an unbounded
// job ends with ctx. The rows are all that the statement emitted, in order. If only the job fails, or ctx ends
// before it does, the result is returned beside the error.
func (s *SQLSession) Submit(ctx context.Context, statement string) (*SQLResult, error) {
	return s.submit(ctx, 0, statement)
}

// SubmitWithin is Submit for a statement that starts a job: it waits for so long for the job's end. The error is
// then a [context.DeadlineExceeded], and the job still runs.
func (s *SQLSession) SubmitWithin(ctx context.Context, limit time.Duration, statement string) (*SQLResult, error) {
	return s.submit(ctx, limit, statement)
}

func (s *SQLSession) submit(ctx context.Context, limit time.Duration, statement string) (*SQLResult, error) {
	var submitted struct{ OperationHandle string }
	if err := call(ctx, http.MethodPost, s.url()+"/statements", map[string]any{"statement": statement}, &submitted); err != nil {
		return nil, sqlError(statement, err)
	}
	result := &SQLResult{}
	isQuery := false
	next := "/v4/sessions/" + s.handle + "/operations/" + submitted.OperationHandle + "/result/0?rowFormat=JSON"
	for next != "" {
		var page struct {
			ResultType    string
			IsQueryResult bool
			JobID         string
			NextResultURI string
			Results       struct {
				Columns []struct {
					Name        string
					LogicalType json.RawMessage
				}
				Data []SQLRow
			}
		}
		if err := call(ctx, http.MethodGet, s.gateway+next, nil, &page); err != nil {
			return nil, sqlError(statement, err)
		}
		if page.JobID != "" {
			result.JobID, isQuery = page.JobID, page.IsQueryResult
		}
		if result.Columns == nil {
			for _, c := range page.Results.Columns {
				result.Columns = append(result.Columns, SQLColumn{c.Name, typeName(c.LogicalType)})
			}
		}
		result.Rows = append(result.Rows, page.Results.Data...)
		if page.ResultType == "EOS" {
			break
		}
		if next = page.NextResultURI; len(page.Results.Data) == 0 {
			if err := pause(ctx, pollResult); err != nil {
				return nil, sqlError(statement, err)
			}
		}
	}
	if !isQuery && result.JobID == "" && len(result.Columns) == 1 && result.Columns[0].Name == "job id" && len(result.Rows) == 1 {
		result.JobID = fmt.Sprint(result.Rows[0].Fields[0])
	}
	if result.JobID == "" || s.rest == "" {
		return result, nil
	}
	if limit > 0 {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = limited
	}
	var err error
	if result.Job, err = awaitJob(ctx, s.rest, result.JobID); err != nil {
		return result, sqlError(statement, err)
	}
	return result, nil
}

// typeName writes a type's name; the details that the gateway adds stay out.
func typeName(logical json.RawMessage) string {
	var t struct {
		Type                     string
		Length, Precision, Scale *int
		Nullable                 *bool
	}
	if json.Unmarshal(logical, &t) != nil {
		return string(logical)
	}
	name := t.Type
	switch {
	case t.Precision != nil && t.Scale != nil:
		name += fmt.Sprintf("(%d, %d)", *t.Precision, *t.Scale)
	case t.Precision != nil:
		name += fmt.Sprintf("(%d)", *t.Precision)
	case t.Length != nil:
		name += fmt.Sprintf("(%d)", *t.Length)
	}
	if t.Nullable != nil && !*t.Nullable {
		name += " NOT NULL"
	}
	return name
}

// awaitJob waits for a job's end and returns how long it ran.
func awaitJob(ctx context.Context, rest, id string) (time.Duration, error) {
	for {
		var job struct {
			State    string
			Duration int64 // milliseconds
		}
		if err := getJSON(ctx, rest+"/jobs/"+id, &job); err != nil {
			return 0, fmt.Errorf("job %s: %w", id, err)
		}
		switch job.State {
		case "FINISHED":
			return time.Duration(job.Duration) * time.Millisecond, nil
		case "FAILED", "CANCELED", "SUSPENDED":
			return 0, fmt.Errorf("job %s is %s: %s", id, job.State, rootCause(ctx, rest, id))
		}
		if err := pause(ctx, pollEvery); err != nil {
			return 0, fmt.Errorf("job %s is %s: %w", id, job.State, err)
		}
	}
}

func rootCause(ctx context.Context, rest, id string) string {
	var history struct {
		ExceptionHistory struct {
			Entries []struct{ Stacktrace string }
		}
	}
	if err := getJSON(ctx, rest+"/jobs/"+id+"/exceptions", &history); err != nil {
		return err.Error()
	}
	var causes []string
	for _, e := range history.ExceptionHistory.Entries {
		causes = append(causes, innermost(e.Stacktrace))
	}
	return strings.Join(causes, "; ")
}

// innermost returns the last cause of a Java stack trace, without the frames.
func innermost(trace string) string {
	if i := strings.LastIndex(trace, "Caused by: "); i >= 0 {
		trace = trace[i+len("Caused by: "):]
	}
	cause, _, _ := strings.Cut(trace, "\n\tat ")
	return strings.TrimSpace(cause)
}

func sqlError(statement string, err error) error {
	return fmt.Errorf("%s: %w", strings.TrimSpace(statement), err)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// call sends a request with a JSON body, if there is one, and decodes the answer.
func call(ctx context.Context, method, url string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return answerError(response.Status, text)
	}
	if into == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}

// answerError takes the cause out of an error answer, whose list ends with a stack trace.
func answerError(status string, text []byte) error {
	var answer struct{ Errors []string }
	if json.Unmarshal(text, &answer) != nil || len(answer.Errors) == 0 {
		return errors.New(status + ": " + lastLines(text))
	}
	cause := answer.Errors[len(answer.Errors)-1]
	cause = strings.TrimSuffix(strings.TrimPrefix(cause, "<Exception on server side:\n"), "\nEnd of exception on server side>")
	return errors.New(innermost(cause))
}
