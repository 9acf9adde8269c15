namespace Drover.Output;

/// <summary>
/// Takes a job's output as it is read. Never blocks and never throws: what comes faster than the broker takes is kept
/// within a bound, then the middle is dropped and the gap shown. May be called by several threads.
/// </summary>
public interface IOutputSink
{
    /// <summary>Adds bytes as they were read; they are copied.</summary>
    void Write(OutputStream stream, ReadOnlySpan<byte> bytes);
}

/// <summary>Shorthands for <see cref="IOutputSink"/>.</summary>
public static class OutputSinkExtensions
{
    /// <summary>Adds a line of Drover's own (<see cref="OutputStream.System"/>).</summary>
    public static void Note(this IOutputSink sink, string text) => sink.Write(OutputStream.System, System.Text.Encoding.UTF8.GetBytes(text));
}
