using Drover.Catalog;
using Drover.Events;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Servers;

/// <summary>Trying servers out and trusting their host keys.</summary>
internal static class ServerCheckEndpoints
{
    private const int MaxBulk = 1000;

    public static void MapServerChecks(this IEndpointRouteBuilder servers)
    {
        servers.MapPost("/{id}/test", TestAsync).WithName("testServer");
        servers.MapPost("/{id}/status", StatusAsync).WithName("checkServer");
        servers.MapPost("/bulk/status", BulkStatusAsync).WithName("checkServers");
        servers.MapPost("/{id}/host-key", TrustAsync).WithName("trustHostKey");
    }

    /// <summary>Test a server step by step</summary>
    /// <remarks>Finds the name, connects, checks the host key, signs in and runs <c>true</c>; tells each step's time, or which failed and why.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ServerTestResponse>, NotFoundProblem>> TestAsync(
        string id, HttpContext context, ServerCatalog servers, ServerChecks checks, AuditTrail audit)
    {
        if (await servers.FindAsync(id, context.RequestAborted) is not { } entry)
            return ServerEndpoints.Missing(id);
        await audit.RecordAsync(context.Caller(), "server.test", entry.Id, entry.Name);
        return TypedResults.Ok(ServerViews.Test(entry, await checks.TestAsync(entry, context.RequestAborted)));
    }

    /// <summary>Check whether a server can be reached now</summary>
    /// <remarks>The answer also stands on the server from then on.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ServerStatusResponse>, NotFoundProblem>> StatusAsync(
        string id, HttpContext context, ServerCatalog servers, ServerChecks checks, AuditTrail audit)
    {
        if (await servers.FindAsync(id, context.RequestAborted) is not { } entry)
            return ServerEndpoints.Missing(id);
        await audit.RecordAsync(context.Caller(), "server.check", entry.Id, entry.Name);
        return TypedResults.Ok(ServerViews.Status(entry, await checks.StatusAsync(entry, context.RequestAborted)));
    }

    /// <summary>Check whether many servers can be reached now</summary>
    /// <remarks>Those named, or all active ones; several at a time.</remarks>
    public static async Task<Ok<ServerStatusListResponse>> BulkStatusAsync(
        ServerBulkStatusRequest? request, HttpContext context, ServerCatalog servers, ServerChecks checks, AuditTrail audit)
    {
        var cancel = context.RequestAborted;
        var all = await servers.AllAsync(cancel);
        var errors = new Errors();
        if (request?.ServerIds is { Count: > MaxBulk })
            throw Errors.Of("server_ids", $"Must be at most {MaxBulk}.");
        var chosen = new List<ServerEntry>();
        foreach (string id in request?.ServerIds ?? [])
        {
            if (id is not null && all.Find(id) is { } entry)
                chosen.Add(entry);
            else
                errors.Add("server_ids", $"There is no server '{id}'.");
        }

        errors.ThrowIfAny();
        if (request?.ServerIds is null)
            chosen.AddRange(all.All.Where(s => s.Record.IsActive).Take(MaxBulk));
        await audit.RecordAsync(context.Caller(), "server.check_many", null, $"{chosen.Count} servers");
        var found = await Task.WhenAll(chosen.Distinct().Select(async s => ServerViews.Status(s, await checks.StatusAsync(s, cancel))));
        return TypedResults.Ok(new ServerStatusListResponse { Items = found });
    }

    /// <summary>Trust the host key that a server shows</summary>
    /// <remarks>The body carries the fingerprint that was seen; when the server shows another key at this moment, nothing is trusted.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ServerResponse>, NotFoundProblem, ConflictProblem>> TrustAsync(
        string id, HostKeyRequest request, HttpContext context, ServerCatalog servers, ServerChecks checks, ServerDirectory directory,
        Keys.KeyCatalog keys, AuditTrail audit)
    {
        var cancel = context.RequestAborted;
        if (await servers.FindAsync(id, cancel) is not { } entry)
            return ServerEndpoints.Missing(id);
        if (entry.Record.Kind == ServerKind.Local)
            return new ConflictProblem("The server 'local' is the worker's own machine and has no host key.");
        var result = await checks.TestAsync(entry, cancel);
        if (result.HostKey is not { } shown)
            return new ConflictProblem($"The server showed no host key: {result.Steps.FirstOrDefault(s => !s.Ok)?.Detail ?? "it could not be reached"}");
        if (shown.Fingerprint != request.Fingerprint)
            return new ConflictProblem($"The server shows {shown.Fingerprint} now, not {request.Fingerprint}. Nothing was trusted.");
        // A sign-in may have pinned the same key while it was looked at.
        if (await servers.GetAsync(entry.Id, cancel) is not { } fresh)
            return ServerEndpoints.Missing(id);
        if (fresh.Record.Hostname != entry.Record.Hostname || fresh.Record.Port != entry.Record.Port)
            return new ConflictProblem("Somebody else changed the server's address just now; nothing was trusted.");
        string? before = fresh.Record.TrustedKey()?.Fingerprint;
        try
        {
            fresh = await servers.UpdateAsync(
                fresh with { Record = fresh.Record with { HostKey = HostKeys.Format(shown), Revision = fresh.Record.Revision + 1 } }, cancel);
        }
        catch (CatalogConflictException)
        {
            return new ConflictProblem("Somebody else changed the server just now; try again.");
        }

        await audit.RecordAsync(context.Caller(), "server.host_key.trust", fresh.Id, $"{fresh.Name}: {shown.Fingerprint}, before {before ?? "none"}");
        directory.Changed(EventKind.ServerChanged, fresh.Id);
        return TypedResults.Ok(ServerViews.Server(fresh, await servers.StatusAsync(fresh.Id, cancel), await keys.ListAsync(cancel)));
    }
}
