package server

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/s3err"

	"github.com/millstream/millstream/objstore/s3select"
)

// The library takes the answer to SelectObjectContent as a function that writes to the connection, when the status is sent. What is
// wrong with a request is found before that: it is left with the request, and selectErrors answers it as S3 does.

// selectError is the key of that error among a request's values.
type selectError struct{}

// userValues is the context that the library gives, as far as it is needed here.
type userValues interface{ SetUserValue(key, value any) }

// SelectObjectContent answers a query over one object.
func (b *diskBackend) SelectObjectContent(ctx context.Context, in *s3.SelectObjectContentInput) func(*bufio.Writer) {
	run, file, err := b.prepareSelect(ctx, in)
	if err != nil {
		if request, ok := ctx.(userValues); ok {
			request.SetUserValue(selectError{}, err)
		}
		return func(*bufio.Writer) {}
	}
	return func(w *bufio.Writer) {
		defer file.Close()
		// The library's context is that of a request that may be over by now. A client that goes away makes writing fail.
		if err := run.WriteTo(context.Background(), w); err != nil {
			return // nobody is left to be told
		}
	}
}

func (b *diskBackend) prepareSelect(ctx context.Context, in *s3.SelectObjectContentInput) (*s3select.Run, io.Closer, error) {
	if !filed(in.Key) {
		return nil, nil, errNoKey
	}
	none := ""
	out, err := b.Posix.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, Range: &none})
	if err != nil {
		return nil, nil, err
	}
	if out.Body == nil { // the key of a directory
		return nil, nil, s3err.GetAPIError(s3err.ErrNoSuchKey)
	}
	file, isFile := out.Body.(*os.File)
	if !isFile {
		out.Body.Close()
		return nil, nil, errors.New("the object is not one file")
	}
	run, err := s3select.Prepare(in, s3select.Object{ReaderAt: file, Size: *out.ContentLength})
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return run, file, nil
}

// selectErrors answers requests that SelectObjectContent refused.
func selectErrors(c fiber.Ctx) error {
	err := c.Next()
	refused, ok := c.RequestCtx().UserValue(selectError{}).(error)
	if err != nil || !ok {
		return err
	}
	return answerError(c, refused)
}

// answerError answers as S3 does when something is wrong, in place of what was going to be answered.
func answerError(c fiber.Ctx, refused error) error {
	answer := struct {
		XMLName  xml.Name `xml:"Error"`
		Code     string
		Message  string
		Resource string
	}{Code: "InternalError", Message: refused.Error(), Resource: c.Path()}
	status := fiber.StatusInternalServerError
	var own *s3select.Error
	var library s3err.S3Error
	switch {
	case errors.As(refused, &own):
		answer.Code, answer.Message, status = own.Code, own.Message, own.Status
	case errors.As(refused, &library):
		base := library.BaseError()
		answer.Code, answer.Message, status = base.Code, base.Description, base.HTTPStatusCode
	}
	body, err := xml.Marshal(answer)
	if err != nil {
		return err
	}
	c.Response().Reset()
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationXML)
	return c.Status(status).Send(append([]byte(xml.Header), body...))
}
