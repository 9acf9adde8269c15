using System.Globalization;
using Drover.Brokers;
using Drover.Output;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Logs;

/// <summary>A job's output.</summary>
internal static class LogEndpoints
{
    private static readonly NumberParameter After = new("after", 0, long.MaxValue, "Only entries with a greater seq.");
    private static readonly NumberParameter Before = new("before", 1, long.MaxValue, "Only entries with a smaller seq.");
    private static readonly WordParameter Stream = new("stream", ["stdout", "stderr"], "Only this stream, and the gaps in it.");
    private static readonly NumberParameter Attempt = new("attempt", 1, int.MaxValue, "Only this attempt.");
    private static readonly NumberParameter Limit = new("limit", 1, 10_000, "At most how many entries; 1000 when none is given.");
    private static readonly FlagParameter Last = new("last", "The last entries instead of the first: a viewer opens at the tail.");
    private static readonly FlagParameter Follow = new("follow", "Stream: what is there, then what comes, until the job has ended.");
    private static readonly WordParameter Encoding = new("encoding", ["text", "base64"], "How entries carry their bytes: as text, or exactly, in base64 in the field data.");

    public static void MapLogs(this IEndpointRouteBuilder api)
    {
        var logs = api.MapGroup("/jobs/{id:guid}").WithTags("Logs");
        logs.MapGet("/logs", ReadAsync).WithName("readLog").WithQuery(After, Before, Stream, Attempt, Limit, Last, Follow, Encoding);
        logs.MapGet("/stdout", StdoutAsync).WithName("downloadStdout").WithQuery(Attempt);
        logs.MapGet("/stderr", StderrAsync).WithName("downloadStderr").WithQuery(Attempt);
    }

    /// <summary>Read or follow a job's output</summary>
    /// <remarks>
    /// JSON by default. With <c>Accept: text/event-stream</c> or <c>follow=true</c> server-sent events: each <c>log</c> event is an
    /// entry and its id the seq, so that <c>Last-Event-ID</c> resumes without a gap or a repeat; the last event is <c>end</c>.
    /// With <c>Accept: text/plain</c> the bare text, live with <c>follow=true</c>.
    /// </remarks>
    /// <param name="id">The job.</param>
    public static async Task<Results<Ok<LogPageResponse>, NotFoundProblem, NoContent, IResult>> ReadAsync(Guid id, HttpContext context, IBroker broker)
    {
        var query = QueryOf(id, context);
        bool base64 = Encoding.Read(context) == "base64";
        bool follow = Follow.Read(context);
        string accept = context.Request.Headers.Accept.ToString();
        bool text = accept.Contains("text/plain", StringComparison.OrdinalIgnoreCase);
        bool events = accept.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) || (follow && !text);
        if (!events && !text)
        {
            return await broker.ReadOutputAsync(query, context.RequestAborted) is { } page
                ? TypedResults.Ok(LogViews.Page(page, base64))
                : NotFoundProblem.Job(id);
        }

        bool sawEnd = false;
        string resume = context.Request.Headers["Last-Event-ID"].ToString();
        if (events && resume.Length > 0)
        {
            sawEnd = resume.EndsWith(LogEventStream.EndMark, StringComparison.Ordinal);
            if (!long.TryParse(sawEnd ? resume.AsSpan(..^LogEventStream.EndMark.Length) : resume, NumberStyles.None, CultureInfo.InvariantCulture, out long seq))
                throw Errors.Of("Last-Event-ID", "Must be the id of an event of this log.");
            query = query with { After = seq, Last = false };
        }

        // One entry tells whether the job is there, and whether there is anything left to say.
        if (await broker.ReadOutputAsync(query with { Limit = 1, Last = false }, context.RequestAborted) is not { } first)
            return NotFoundProblem.Job(id);
        // Whoever broke off before the end still hears of it; whoever saw it is told not to come back.
        if (sawEnd && first is { Complete: true, Entries.Count: 0 })
            return TypedResults.NoContent();
        return events ? new LogEventStream(broker, query, base64) : new LogTextStream(broker, query, follow);
    }

    /// <summary>Download a job's standard output, byte for byte</summary>
    /// <param name="id">The job.</param>
    public static Task<Results<NotFoundProblem, IResult>> StdoutAsync(Guid id, HttpContext context, IBroker broker) =>
        DownloadAsync(id, OutputStream.Stdout, context, broker);

    /// <summary>Download a job's standard error, byte for byte</summary>
    /// <param name="id">The job.</param>
    public static Task<Results<NotFoundProblem, IResult>> StderrAsync(Guid id, HttpContext context, IBroker broker) =>
        DownloadAsync(id, OutputStream.Stderr, context, broker);

    private static async Task<Results<NotFoundProblem, IResult>> DownloadAsync(Guid id, OutputStream stream, HttpContext context, IBroker broker)
    {
        var query = new OutputQuery(id, Stream: stream, Attempt: (int?)Attempt.Read(context));
        if (await broker.ReadOutputAsync(query with { Limit = 1 }, context.RequestAborted) is null)
            return NotFoundProblem.Job(id);
        string name = stream == OutputStream.Stdout ? "stdout" : "stderr";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}-{name}.txt\"";
        // Whatever a job printed, no browser is to run it as a page of ours.
        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return new LogDownload(broker, query);
    }

    private static OutputQuery QueryOf(Guid id, HttpContext context) => new(
        id,
        After.Read(context) ?? 0,
        Stream.Read(context) switch { "stdout" => OutputStream.Stdout, "stderr" => OutputStream.Stderr, _ => null },
        (int?)Attempt.Read(context),
        (int)(Limit.Read(context) ?? 1000),
        Last.Read(context),
        Before.Read(context));
}
