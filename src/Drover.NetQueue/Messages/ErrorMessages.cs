using Drover.Brokers;
using Drover.Catalog;
using Drover.NetQueue.Protocol;
using Drover.Servers;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Failures on the wire, and back to the exceptions of <see cref="IBroker"/>.</summary>
internal static class ErrorMessages
{
    // code u16 | message text | by code: 12 validation: count var, (field text, reasons texts) each | 13 queue full: queue text, limit i64
    // | 14 idempotency conflict: key text | 15 unavailable: in_doubt bool | 16 job id taken: id uuid
    // | 20 catalog conflict: name_taken bool
    public static void Write(FrameWriter w, ErrorCode code, string message, Exception? e = null)
    {
        w.U16((ushort)code);
        w.Text(message);
        switch (e)
        {
            case JobValidationException invalid when code == ErrorCode.Validation:
                w.Count(invalid.Errors.Count);
                foreach (var (field, reasons) in invalid.Errors)
                {
                    w.Text(field);
                    w.Texts(reasons);
                }

                break;
            case QueueFullException full when code == ErrorCode.QueueFull:
                w.Text(full.Queue);
                w.I64(full.Limit);
                break;
            case IdempotencyConflictException conflict when code == ErrorCode.IdempotencyConflict:
                w.Text(conflict.Key);
                break;
            case StoreUnavailableException away when code == ErrorCode.Unavailable:
                w.Bool(away.InDoubt);
                break;
            case JobIdTakenException taken when code == ErrorCode.JobIdTaken:
                w.Uuid(taken.Id);
                break;
            case CatalogConflictException clash when code == ErrorCode.CatalogConflict:
                w.Bool(clash.NameTaken);
                break;
        }
    }

    /// <summary>The code and the text for what a request ended with; the text of an unexpected fault stays in the server's log.</summary>
    public static (ErrorCode Code, string Message) Describe(Exception e) => e switch
    {
        ProtocolException p => (p.Code, p.Message),
        JobValidationException => (ErrorCode.Validation, e.Message),
        QueueFullException => (ErrorCode.QueueFull, e.Message),
        IdempotencyConflictException => (ErrorCode.IdempotencyConflict, e.Message),
        StoreUnavailableException => (ErrorCode.Unavailable, e.Message),
        JobIdTakenException => (ErrorCode.JobIdTaken, e.Message),
        CatalogConflictException => (ErrorCode.CatalogConflict, e.Message),
        TargetUnavailableException => (ErrorCode.TargetUnavailable, e.Message),
        ArgumentException => (ErrorCode.BadRequest, e.Message),
        ObjectDisposedException or OperationCanceledException => (ErrorCode.ShuttingDown, "The queue server is shutting down."),
        _ => (ErrorCode.Internal, "The queue server could not carry this out; its log says why."),
    };

    /// <summary>Whether the request was not carried out because the server stops.</summary>
    public static bool IsShuttingDown(ReadOnlySpan<byte> body) => new BodyReader(body).U16() == (ushort)ErrorCode.ShuttingDown;

    public static Exception Read(ref BodyReader r)
    {
        var code = (ErrorCode)r.U16();
        string message = r.Text();
        return code switch
        {
            ErrorCode.Validation => new JobValidationException(ReadFields(ref r)),
            ErrorCode.QueueFull => new QueueFullException(r.Text(), r.I64()),
            ErrorCode.IdempotencyConflict => new IdempotencyConflictException(r.Text()),
            ErrorCode.Unavailable => new StoreUnavailableException(message) { InDoubt = r.Bool() },
            ErrorCode.JobIdTaken => new JobIdTakenException(r.Uuid()),
            ErrorCode.TargetUnavailable => new TargetUnavailableException(message),
            ErrorCode.CatalogConflict => new CatalogConflictException(message, r.Bool()),
            ErrorCode.BadRequest => new ArgumentException(message),
            _ => new NetQueueException(code, message),
        };
    }

    private static Dictionary<string, string[]> ReadFields(ref BodyReader r)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        for (int left = r.Count(2); left > 0; left--)
            errors[r.Text()] = r.Texts();
        return errors;
    }
}
