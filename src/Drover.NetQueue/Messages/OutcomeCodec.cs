using Drover.Jobs;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>How an attempt ended, on the wire.</summary>
internal static class OutcomeCodec
{
    [Flags]
    private enum Has : uint
    {
        ExitCode = 1, Signal = 2, Reason = 4, Error = 8, Result = 16, NeverRetry = 32, RetryIn = 64, Unconfirmed = 128, ConnectTime = 256, Known = 511,
    }

    // kind u8 | has var | then each whose bit is set: 0 exit_code int | 1 signal text | 2 reason text | 3 error text | 4 result bytes
    // 5 never_retry (the bit says it all) | 6 retry_in duration | 7 unconfirmed (the bit says it all) | 8 connect_time duration
    public static void Write(FrameWriter w, AttemptOutcome outcome)
    {
        w.U8((byte)outcome.Kind);
        w.Var((uint)FieldsOf(outcome));
        if (outcome.ExitCode is { } code)
            w.Int(code);
        if (outcome.Signal is { } signal)
            w.Text(signal);
        if (outcome.Reason is { } reason)
            w.Text(reason);
        if (outcome.Error is { } error)
            w.Text(error);
        if (outcome.Result is { } result)
            w.Bytes(result.Span);
        if (outcome.RetryIn is { } retryIn)
            w.Duration(retryIn);
        if (outcome.ConnectTime is { } connectTime)
            w.Duration(connectTime);
    }

    public static AttemptOutcome Read(ref BodyReader r)
    {
        var kind = (OutcomeKind)r.U8();
        var has = (Has)r.Var();
        if (kind is < OutcomeKind.Completed or > OutcomeKind.WorkerLost || (has & ~Has.Known) != 0)
            throw BodyReader.Malformed("An outcome is of a kind or has fields that are not known here.");
        return new()
        {
            Kind = kind,
            ExitCode = has.HasFlag(Has.ExitCode) ? r.Int() : null,
            Signal = has.HasFlag(Has.Signal) ? r.Word() : null,
            Reason = has.HasFlag(Has.Reason) ? r.Word() : null,
            Error = has.HasFlag(Has.Error) ? r.Text() : null,
            Result = has.HasFlag(Has.Result) ? (ReadOnlyMemory<byte>?)r.Bytes().ToArray() : null,
            NeverRetry = has.HasFlag(Has.NeverRetry),
            RetryIn = has.HasFlag(Has.RetryIn) ? r.Duration() : null,
            Unconfirmed = has.HasFlag(Has.Unconfirmed),
            ConnectTime = has.HasFlag(Has.ConnectTime) ? r.Duration() : null,
        };
    }

    private static Has FieldsOf(AttemptOutcome o) =>
        (o.ExitCode is null ? 0 : Has.ExitCode) | (o.Signal is null ? 0 : Has.Signal) | (o.Reason is null ? 0 : Has.Reason)
        | (o.Error is null ? 0 : Has.Error) | (o.Result is null ? 0 : Has.Result) | (o.NeverRetry ? Has.NeverRetry : 0)
        | (o.RetryIn is null ? 0 : Has.RetryIn) | (o.Unconfirmed ? Has.Unconfirmed : 0) | (o.ConnectTime is null ? 0 : Has.ConnectTime);
}
