using System.Globalization;
using System.Text;
using Drover.Brokers;
using Drover.Output;

namespace Drover.Jobs;

/// <summary>
/// How far a task's latest attempt is, as its handler told. It stands in the job's output, among what Drover itself has to
/// say about the run, so that it is as durable as the output and can be read on every node.
/// </summary>
/// <param name="Done">0 to 1, in steps of a hundredth.</param>
/// <param name="Text">What is going on; null when nothing was said.</param>
/// <param name="At">When it was told.</param>
public sealed record JobProgress(double Done, string? Text, DateTimeOffset At)
{
    private const int MaxText = 500;

    /// <summary>The note that tells it: <c>[ 40 %] resizing</c>.</summary>
    /// <param name="done">0 to 1; what is outside is taken for the nearer end.</param>
    /// <param name="what">What is going on, cut after 500 characters; null for nothing to say.</param>
    public static string NoteOf(double done, string? what)
    {
        double percent = double.IsNaN(done) ? 0 : Math.Clamp(done, 0, 1) * 100;
        string text = what is null ? "" : " " + what.ReplaceLineEndings(" ")[..Math.Min(what.ReplaceLineEndings(" ").Length, MaxText)];
        return string.Create(CultureInfo.InvariantCulture, $"[{Math.Floor(percent),3:0} %]{text}");
    }

    /// <summary>The latest progress of a job's latest attempt; null when none was told, and for commands and scripts.</summary>
    public static async ValueTask<JobProgress?> ReadAsync(IBroker broker, Job job, CancellationToken cancel = default)
    {
        if (job.Spec.Kind != JobKind.Task || job.Attempt == 0)
            return null;
        var page = await broker.ReadOutputAsync(new(job.Id, Stream: OutputStream.System, Attempt: job.Attempt, Limit: 4, Last: true), cancel);
        foreach (var entry in page?.Entries.Reverse() ?? [])
        {
            if (entry.Stream == OutputStream.System && Parse(Encoding.UTF8.GetString(entry.Bytes.Span), entry.At) is { } progress)
                return progress;
        }

        return null;
    }

    private static JobProgress? Parse(string note, DateTimeOffset at)
    {
        const string mark = " %]";
        if (note.Length < 7 || note[0] != '[' || !note.AsSpan(4).StartsWith(mark)
            || !int.TryParse(note.AsSpan(1, 3), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int percent) || percent > 100)
            return null;
        return new(percent / 100.0, note.Length > 8 ? note[8..] : null, at);
    }
}
