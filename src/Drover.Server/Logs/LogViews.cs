using System.Text;
using Drover.Output;
using Drover.Server.Contracts;

namespace Drover.Server.Logs;

/// <summary>Output as the API shows it.</summary>
internal static class LogViews
{
    public static LogEntry Entry(in OutputEntry entry, bool base64) => new()
    {
        Seq = entry.Seq,
        At = entry.At,
        Attempt = entry.Attempt,
        Stream = (LogStream)entry.Stream,
        Text = base64 ? null : Encoding.UTF8.GetString(entry.Bytes.Span),
        Data = base64 ? entry.Bytes.ToArray() : null,
        DroppedBytes = entry.Stream == OutputStream.Gap ? entry.DroppedBytes : null,
    };

    public static LogPageResponse Page(OutputPage page, bool base64) => new()
    {
        Entries = [.. page.Entries.Select(e => Entry(e, base64))],
        Next = page.Next,
        Complete = page.Complete,
    };

    /// <summary>What stands in bare text in place of what was dropped.</summary>
    public static byte[] GapLine(in OutputEntry gap) =>
        Encoding.UTF8.GetBytes($"\n[drover: {gap.DroppedBytes} bytes were dropped here; a job's output is kept up to a limit]\n");
}
