using System.Text.Json;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Jobs;

/// <summary>Running jobs again as new ones.</summary>
internal static class JobReruns
{
    /// <summary>Run a finished job again</summary>
    /// <remarks>As a new job with the same work, whose <c>origin_id</c> is this one.</remarks>
    /// <param name="id">The job.</param>
    public static async Task<Results<Created<JobResponse>, Ok<JobResponse>, NotFoundProblem, ConflictProblem>> RerunAsync(
        Guid id, HttpContext context, IBroker broker, ServerCatalog servers, JobSubmission submission)
    {
        if ((await broker.GetAsync([id], context.RequestAborted))[0] is not { } job)
            return NotFoundProblem.Job(id);
        if (!job.Status.IsFinal())
            return new ConflictProblem($"The job is {job.Status.Name()}; only finished jobs can be run again. To run it a second time now, duplicate it.");
        var errors = new Errors();
        var spec = Again(job, await servers.AllAsync(context.RequestAborted), context.Caller().Name, errors);
        errors.ThrowIfAny();
        var answer = JobEndpoints.Answer(await submission.SubmitAsync(spec!, KeyOf(context, []), context, "job.rerun"), context);
        return answer.Result is Created<JobResponse> created ? created : (Ok<JobResponse>)answer.Result;
    }

    /// <summary>Duplicate a job</summary>
    /// <remarks>The same as a rerun, of a job in any status, with what the body gives in place of what the job has.</remarks>
    /// <param name="id">The job.</param>
    public static async Task<Results<Created<JobResponse>, Ok<JobResponse>, NotFoundProblem>> DuplicateAsync(
        Guid id, JobDuplicateRequest? request, HttpContext context, IBroker broker, ServerCatalog servers, JobSubmission submission)
    {
        request ??= new();
        if ((await broker.GetAsync([id], context.RequestAborted))[0] is not { } job)
            return NotFoundProblem.Job(id);
        var errors = new Errors();
        var spec = Duplicate(job, request, await servers.AllAsync(context.RequestAborted), context.Caller().Name, errors);
        errors.ThrowIfAny();
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request, DroverJson.Api.JobDuplicateRequest);
        var answer = JobEndpoints.Answer(await submission.SubmitAsync(spec!, KeyOf(context, body), context, "job.duplicate"), context);
        return answer.Result is Created<JobResponse> created ? created : (Ok<JobResponse>)answer.Result;
    }

    /// <summary>A job's spec for another run; null when its server is gone or switched off, which is then an error of <c>server_id</c>.</summary>
    public static JobSpec? Again(Job job, ServerSet servers, string createdBy, Errors errors, string? serverId = null)
    {
        var spec = HeldJobs.Alone(job.Spec) with { OriginId = job.Id, CreatedBy = createdBy, RunAt = null, Delay = null, Priority = job.Priority };
        if (spec.Shell is not { } shell)
            return spec;
        var server = servers.Find(serverId ?? shell.ServerId);
        if (server is null)
            errors.Add("server_id", serverId is null ? $"The job's server '{shell.ServerName}' has been deleted." : $"There is no server '{serverId}'.");
        else if (!server.Record.IsActive)
            errors.Add("server_id", $"The server '{server.Name}' is switched off (is_active is false).");
        return server is { Record.IsActive: true } ? spec with { Shell = shell with { ServerId = server.Id, ServerName = server.Name } } : null;
    }

    private static JobSpec? Duplicate(Job job, JobDuplicateRequest request, ServerSet servers, string createdBy, Errors errors)
    {
        if (job.Spec.Shell is null)
        {
            Refuse(request.ServerId is not null, "server_id");
            Refuse(request.Args is not null, "args");
        }

        Refuse(request.Command is not null && job.Spec.Kind != JobKind.Command, "command");
        Refuse(request.Script is not null && job.Spec.Kind != JobKind.Script, "script");
        if (Again(job, servers, createdBy, errors, request.ServerId) is not { } spec)
            return null;
        spec = spec with
        {
            Priority = request.Priority ?? spec.Priority,
            Timeout = request.Timeout is { } timeout ? SpecBuilder.Seconds(timeout) : spec.Timeout,
        };
        if (spec.Shell is not { } shell)
            return spec;
        shell = shell with { Command = request.Command ?? shell.Command, Script = request.Script ?? shell.Script };
        if (request.Args is { } args)
            shell = shell with { Args = args.List, ArgsText = args.Text };
        return spec with { Shell = shell };

        void Refuse(bool wrong, string field)
        {
            if (wrong)
                errors.Add(field, $"The job is a {Words<JobKind>.Of(job.Spec.Kind)} and has none.");
        }
    }

    private static (string Key, string Digest)? KeyOf(HttpContext context, byte[] body) =>
        Idempotency.KeyOf(context) is { } key ? (key, Idempotency.Fingerprint(context.Request.Path, body)) : null;
}
