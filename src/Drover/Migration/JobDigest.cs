using System.Security.Cryptography;
using System.Text;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Migration;

/// <summary>A running checksum (SHA-256) over what must be equal in both stores, in order.</summary>
internal sealed class JobDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The checksum so far, in hexadecimal; it goes on.</summary>
    public string Text => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Add(Job job)
    {
        var text = new StringBuilder();
        text.Append(job.Id).Append('\n').Append((int)job.Status).Append(' ').Append(job.Priority).Append(' ').Append(job.Attempt).Append(' ').Append(job.AttemptsUsed);
        foreach (var time in (DateTimeOffset?[])[job.CreatedAt, job.RunAt, job.StartedAt, job.FinishedAt, job.CancelRequestedAt])
            text.Append(' ').Append(time?.UtcTicks);
        text.Append('\n').Append(Plain(job.CanceledBy)).Append('\n').Append(job.WorkerId).Append('\n');
        foreach (var attempt in job.Attempts)
        {
            text.Append(attempt.Number).Append(' ').Append(attempt.StartedAt.UtcTicks).Append(' ').Append(attempt.FinishedAt?.UtcTicks).Append(' ').Append(attempt.WorkerId).Append('\n');
            Add(text, attempt.Outcome);
        }

        Add(text, job.Outcome);
        Add(Encoding.UTF8.GetBytes(text.ToString()));
        Add(SpecJson.Write(job.Spec));
        if (job.Spec.Task is { } task)
            Add(task.Payload.Span);
    }

    public void Add(in OutputEntry entry)
    {
        Add(Encoding.ASCII.GetBytes($"{entry.Seq} {entry.At.UtcTicks} {entry.Attempt} {(int)entry.Stream} {entry.DroppedBytes}\n"));
        Add(entry.Bytes.Span);
    }

    public void Add(params ReadOnlySpan<string?> texts)
    {
        foreach (string? text in texts)
            Add(Encoding.UTF8.GetBytes(Plain(text) + "\n"));
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(BitConverter.GetBytes(bytes.Length));
        _hash.AppendData(bytes);
    }

    public void Dispose() => _hash.Dispose();

    private static void Add(StringBuilder text, AttemptOutcome? outcome)
    {
        if (outcome is null)
            return;
        text.Append((int)outcome.Kind).Append(' ').Append(outcome.ExitCode).Append(' ').Append(outcome.Signal).Append(' ').Append(outcome.NeverRetry).Append(' ')
            .Append(outcome.RetryIn?.Ticks).Append(' ').Append(outcome.Unconfirmed).Append(' ').Append(outcome.ConnectTime?.Ticks).Append('\n')
            .Append(Plain(outcome.Reason)).Append('\n').Append(Plain(outcome.Error)).Append('\n');
        if (outcome.Result is { } result)
            text.Append(Convert.ToBase64String(result.Span));
    }

    /// <summary>PostgreSQL keeps neither NUL nor half a surrogate pair in a text; stores differ there and nowhere else.</summary>
    private static string? Plain(string? text) => text is null ? null : string.Concat(text.EnumerateRunes()).Replace('\0', '\uFFFD');
}
