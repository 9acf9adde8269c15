using Drover.Brokers;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Jobs;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Schedules;

/// <summary>Jobs that are enqueued again and again.</summary>
internal static class ScheduleEndpoints
{
    private static readonly TextParameter Q = new("q", "Only schedules whose name contains this text.");
    private static readonly NumberParameter Limit = new("limit", 1, 500, "At most how many; 50 when none is given.");
    private static readonly TextParameter Cursor = new("cursor", "The next_cursor of the page before.");

    public static void MapSchedules(this IEndpointRouteBuilder api)
    {
        var schedules = api.MapGroup("/schedules").WithTags("Schedules");
        schedules.MapPost("", CreateAsync).WithName("addSchedule");
        schedules.MapGet("", ListAsync).WithName("listSchedules").WithQuery(Q, Limit, Cursor);
        schedules.MapPost("/preview", Preview).WithName("previewSchedule");
        schedules.MapGet("/{id}", GetAsync).WithName("getSchedule");
        schedules.MapPut("/{id}", UpdateAsync).WithName("changeSchedule");
        schedules.MapDelete("/{id}", DeleteAsync).WithName("removeSchedule");
        schedules.MapGet("/{id}/next", NextAsync).WithName("getScheduleTimes");
        schedules.MapPost("/{id}/run", RunAsync).WithName("runSchedule");
        schedules.MapPost("/{id}/pause", PauseAsync).WithName("pauseSchedule");
        schedules.MapPost("/{id}/resume", ResumeAsync).WithName("resumeSchedule");
    }

    /// <summary>Add a schedule</summary>
    /// <remarks>Each firing enqueues one job, however many nodes there are, with the tag <c>schedule:NAME</c>.</remarks>
    public static async Task<Results<Created<ScheduleResponse>, ConflictProblem>> CreateAsync(
        ScheduleRequest request, HttpContext context, ScheduleCatalog schedules, ServerCatalog servers, ServerOptions options, AuditTrail audit, TimeProvider time)
    {
        var cancel = context.RequestAborted;
        var wanted = Build(request, await servers.AllAsync(cancel), options, context, new() { Id = JobId.New(time).ToString(), Name = "", Cron = "", Job = null! });
        try
        {
            var made = await schedules.CreateAsync(wanted, cancel);
            await audit.RecordAsync(context.Caller(), "schedule.create", made.Id, made.Name);
            return TypedResults.Created($"/api/v1/schedules/{made.Id}", ScheduleViews.Schedule(made));
        }
        catch (CatalogConflictException)
        {
            return Taken(wanted.Name);
        }
    }

    /// <summary>List schedules</summary>
    public static async Task<Ok<ScheduleListResponse>> ListAsync(HttpContext context, ScheduleCatalog schedules)
    {
        string? text = Q.Read(context);
        var found = (await schedules.ListAsync(context.RequestAborted)).Where(s => text is null || s.Name.Contains(text, StringComparison.OrdinalIgnoreCase));
        var (page, next) = NamePage.Of(found.OrderBy(s => s.Name, StringComparer.OrdinalIgnoreCase), s => s.Name, (int)(Limit.Read(context) ?? 50), Cursor.Read(context));
        return TypedResults.Ok(new ScheduleListResponse { Items = [.. page.Select(ScheduleViews.Schedule)], NextCursor = next });
    }

    /// <summary>Try an expression</summary>
    /// <remarks>Answers the next ten times, and changes nothing.</remarks>
    public static Ok<ScheduleTimesResponse> Preview(SchedulePreviewRequest request, TimeProvider time)
    {
        var errors = new Errors();
        if (!CronTimes.TryParse(request.Cron ?? "", request.Timezone ?? "UTC", out var times, out string? cronError, out string? zoneError))
        {
            if (cronError is not null)
                errors.Add("cron", cronError);
            if (zoneError is not null)
                errors.Add("timezone", zoneError);
        }

        errors.ThrowIfAny();
        return TypedResults.Ok(ScheduleViews.Next(times!, time.GetUtcNow()));
    }

    /// <summary>Show a schedule</summary>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ScheduleResponse>, NotFoundProblem>> GetAsync(string id, HttpContext context, ScheduleCatalog schedules) =>
        await schedules.FindAsync(id, context.RequestAborted) is { } schedule ? TypedResults.Ok(ScheduleViews.Schedule(schedule)) : Missing(id);

    /// <summary>Show a schedule's next ten times</summary>
    /// <remarks>Also of a paused one: when it would fire.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ScheduleTimesResponse>, NotFoundProblem>> NextAsync(string id, HttpContext context, ScheduleCatalog schedules, TimeProvider time)
    {
        if (await schedules.FindAsync(id, context.RequestAborted) is not { } schedule)
            return Missing(id);
        return Preview(new() { Cron = schedule.Cron, Timezone = schedule.TimeZone }, time);
    }

    /// <summary>Change a schedule</summary>
    /// <remarks>The body says all that the schedule is to be. Jobs that it has enqueued stay as they are.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ScheduleResponse>, NotFoundProblem, ConflictProblem>> UpdateAsync(
        string id, ScheduleRequest request, HttpContext context, ScheduleCatalog schedules, ServerCatalog servers, ServerOptions options, AuditTrail audit)
    {
        var all = await servers.AllAsync(context.RequestAborted);
        try
        {
            return await ChangeAsync(id, "schedule.update", present => Build(request, all, options, context, present), context, schedules, audit) is { } changed
                ? TypedResults.Ok(changed) : Missing(id);
        }
        catch (CatalogConflictException)
        {
            return Taken(request.Name!);
        }
    }

    /// <summary>Remove a schedule</summary>
    /// <remarks>Jobs that it has enqueued stay.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<NoContent, NotFoundProblem>> DeleteAsync(string id, HttpContext context, ScheduleCatalog schedules, AuditTrail audit)
    {
        if (await schedules.DeleteAsync(id, context.RequestAborted) is not { } gone)
            return Missing(id);
        await audit.RecordAsync(context.Caller(), "schedule.delete", gone.Id, gone.Name);
        return TypedResults.NoContent();
    }

    /// <summary>Run a schedule's job now</summary>
    /// <remarks>Whatever its times and policies say, also when it is paused.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Created<JobResponse>, NotFoundProblem>> RunAsync(string id, HttpContext context, ScheduleCatalog schedules, IBroker broker, AuditTrail audit)
    {
        var cancel = context.RequestAborted;
        if (await schedules.RunNowAsync(id, broker, context.Caller().Name, Idempotency.KeyOf(context), cancel) is not { } made || (await broker.GetAsync([made.Id], cancel))[0] is not { } job)
            return Missing(id);
        await audit.RecordAsync(context.Caller(), "schedule.run", job.Id.ToString(), id);
        return TypedResults.Created($"/api/v1/jobs/{job.Id}", JobViews.Full(job));
    }

    /// <summary>Pause a schedule</summary>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ScheduleResponse>, NotFoundProblem>> PauseAsync(string id, HttpContext context, ScheduleCatalog schedules, AuditTrail audit) =>
        await ChangeAsync(id, "schedule.pause", s => s with { Paused = true }, context, schedules, audit) is { } changed ? TypedResults.Ok(changed) : Missing(id);

    /// <summary>Resume a schedule</summary>
    /// <remarks>It goes on with the first time from now; what was missed while it was paused is not caught up.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ScheduleResponse>, NotFoundProblem>> ResumeAsync(string id, HttpContext context, ScheduleCatalog schedules, AuditTrail audit) =>
        await ChangeAsync(id, "schedule.resume", s => s with { Paused = false }, context, schedules, audit) is { } changed ? TypedResults.Ok(changed) : Missing(id);

    private static async ValueTask<ScheduleResponse?> ChangeAsync(
        string id, string action, Func<Schedule, Schedule> change, HttpContext context, ScheduleCatalog schedules, AuditTrail audit)
    {
        if (await schedules.ChangeAsync(id, change, context.RequestAborted) is not { } changed)
            return null;
        await audit.RecordAsync(context.Caller(), action, changed.Id, changed.Name);
        return ScheduleViews.Schedule(changed);
    }

    /// <summary>The schedule that a request asks for, with the state of the one that is there.</summary>
    private static Schedule Build(ScheduleRequest request, ServerSet servers, ServerOptions options, HttpContext context, Schedule present)
    {
        var errors = new Errors();
        if (request.Name is null)
            errors.Add("name", "Is required.");
        if (request.Cron is null)
            errors.Add("cron", "Is required.");
        JobSpec? job = null;
        if (request.Job is null)
        {
            errors.Add("job", "Is required.");
        }
        else
        {
            errors.Prefix = "job.";
            if (request.Job.OriginId is not null)
                errors.Add("origin_id", "Is for a job that is submitted by itself.");
            if (request.Job.After is not null)
                errors.Add("after", "Is for a job that is submitted by itself.");
            job = new SpecBuilder(servers, options, errors, context.Caller().Name).Build(request.Job);
            errors.Prefix = "";
        }

        if (request.Jitter is { } jitter && jitter < 0)
            errors.Add("jitter", "Must not be negative.");
        errors.ThrowIfAny();
        return present with
        {
            Name = request.Name!,
            Cron = request.Cron!,
            TimeZone = request.Timezone ?? "UTC",
            Job = job!,
            CatchUp = request.CatchUp ?? CatchUpPolicy.Skip,
            Overlap = request.Overlap ?? OverlapPolicy.Skip,
            Jitter = SpecBuilder.Seconds(request.Jitter ?? 0),
            Paused = request.Paused ?? false,
            CreatedBy = present.CreatedBy ?? context.Caller().Name,
        };
    }

    private static NotFoundProblem Missing(string id) => new($"There is no schedule '{id}'.");

    private static ConflictProblem Taken(string name) => new($"There is a schedule named '{name}' already.");
}
