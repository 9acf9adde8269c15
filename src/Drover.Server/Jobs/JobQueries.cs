using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Jobs;

/// <summary>Looking jobs up.</summary>
internal static class JobQueries
{
    private static readonly WordParameter Status = new("status", [.. Words<JobStatus>.All], "Only jobs in this status; may be repeated.", repeatable: true);
    private static readonly TextParameter ServerId = new("server_id", "Only jobs on this server, by id or name.");
    private static readonly TextParameter Queue = new("queue", "Only jobs of this queue.");
    private static readonly WordParameter Kind = new("kind", [.. Words<JobKind>.All], "Only jobs of this kind.");
    private static readonly TextParameter JobType = new("job_type", "Only tasks of this type.");
    private static readonly TextParameter Tag = new("tag", "Only jobs with this tag.");
    private static readonly NumberParameter Priority = new("priority", 1, 10, "Only jobs with this priority.");
    private static readonly TimeParameter CreatedAfter = new("created_after", "Only jobs accepted at or after this time.");
    private static readonly TimeParameter CreatedBefore = new("created_before", "Only jobs accepted before this time.");
    private static readonly TextParameter Q = new("q", "Only jobs whose command, script, name or error contains this text, or whose id begins with it.");
    private static readonly IdParameter OriginId = new("origin_id", "Only reruns and duplicates of this job.");
    private static readonly IdParameter BatchId = new("batch_id", "Only jobs of this batch. Excludes origin_id.");
    private static readonly WordParameter Sort = new("sort", ["-created_at", "created_at", "-finished_at", "priority"], "The order; -created_at when none is given.");
    private static readonly NumberParameter Limit = new("limit", 1, 500, "At most how many; 50 when none is given.");
    private static readonly TextParameter Cursor = new("cursor", "The next_cursor of the page before.");

    private static readonly QueryParameter[] Filters = [Status, ServerId, Queue, Kind, JobType, Tag, Priority, CreatedAfter, CreatedBefore, Q, OriginId, BatchId];

    public static void MapJobQueries(this IEndpointRouteBuilder jobs)
    {
        jobs.MapGet("", ListAsync).WithName("listJobs").WithQuery([.. Filters, Sort, Limit, Cursor]);
        jobs.MapGet("/counts", CountAsync).WithName("countJobs").WithQuery(Filters);
        jobs.MapGet("/{id:guid}", GetAsync).WithName("getJob");
    }

    /// <summary>List jobs</summary>
    public static async Task<Ok<JobListResponse>> ListAsync(HttpContext context, IBroker broker, ServerCatalog servers)
    {
        var sort = Sort.Read(context) switch
        {
            "created_at" => JobSort.CreatedAscending,
            "-finished_at" => JobSort.FinishedDescending,
            "priority" => JobSort.Priority,
            _ => JobSort.CreatedDescending,
        };
        var query = new JobQuery(await FilterAsync(context, servers), sort, (int)(Limit.Read(context) ?? 50), Cursor.Read(context));
        JobPage page;
        try
        {
            page = await broker.ListAsync(query, context.RequestAborted);
        }
        catch (ArgumentException) when (query.Cursor is not null)
        {
            throw Errors.Of("cursor", "Is not a cursor of this sort.");
        }

        return TypedResults.Ok(new JobListResponse { Items = [.. page.Items.Select(job => JobViews.Summary(job))], NextCursor = page.Next });
    }

    /// <summary>Count jobs by status</summary>
    public static async Task<Ok<JobCountsResponse>> CountAsync(HttpContext context, IBroker broker, ServerCatalog servers) =>
        TypedResults.Ok(JobViews.Counts(await broker.CountAsync(await FilterAsync(context, servers), context.RequestAborted)));

    /// <summary>Show a job with its attempts</summary>
    /// <param name="id">The job.</param>
    public static async Task<Results<Ok<JobResponse>, NotFoundProblem>> GetAsync(Guid id, HttpContext context, IBroker broker) =>
        (await broker.GetAsync([id], context.RequestAborted))[0] is not { } job ? NotFoundProblem.Job(id)
            : TypedResults.Ok(JobViews.Full(job) with { Progress = JobViews.Progress(await JobProgress.ReadAsync(broker, job, context.RequestAborted)) });

    private static async ValueTask<JobFilter> FilterAsync(HttpContext context, ServerCatalog servers)
    {
        var statuses = Status.ReadAll(context);
        return new()
        {
            Statuses = [.. statuses.Select(word => Words<JobStatus>.TryParse(word, out var status) ? status : default)],
            ServerId = await ServerIdOfAsync(ServerId.Read(context), servers, context.RequestAborted),
            Queue = Queue.Read(context),
            Kind = Kind.Read(context) is { } kind && Words<JobKind>.TryParse(kind, out var value) ? value : null,
            JobType = JobType.Read(context),
            Tag = Tag.Read(context),
            Priority = (int?)Priority.Read(context),
            CreatedAfter = CreatedAfter.Read(context),
            CreatedBefore = CreatedBefore.Read(context),
            Text = Q.Read(context),
            OriginId = LinkOf(context),
        };
    }

    private static Guid? LinkOf(HttpContext context)
    {
        var (origin, batch) = (OriginId.Read(context), BatchId.Read(context));
        return origin is not null && batch is not null ? throw Errors.Of("batch_id", "Excludes origin_id.") : origin ?? batch;
    }

    /// <summary>A filter may name a server that is long gone by the id its jobs still carry.</summary>
    public static async ValueTask<string?> ServerIdOfAsync(string? idOrName, ServerCatalog servers, CancellationToken cancel) =>
        idOrName is null ? null : (await servers.AllAsync(cancel)).Find(idOrName)?.Id ?? idOrName;
}
