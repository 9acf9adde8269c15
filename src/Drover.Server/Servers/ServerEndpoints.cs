using System.Text.Json;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Events;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Json;
using Drover.Server.Keys;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Servers;

/// <summary>Adding, changing and removing servers.</summary>
internal static class ServerEndpoints
{
    private static readonly TextParameter Tag = new("tag", "Only servers with this tag.");
    private static readonly TextParameter Q = new("q", "Only servers whose name, host or tag contains this text.");
    private static readonly NumberParameter Limit = new("limit", 1, 500, "At most how many; 50 when none is given.");
    private static readonly TextParameter Cursor = new("cursor", "The next_cursor of the page before.");

    public static void MapServers(this IEndpointRouteBuilder api)
    {
        var servers = api.MapGroup("/servers").WithTags("Servers").WithMetadata(BodyLimit.Small);
        servers.MapPost("", CreateAsync).WithName("addServer");
        servers.MapGet("", ListAsync).WithName("listServers").WithQuery(Tag, Q, Limit, Cursor);
        servers.MapGet("/{id}", GetAsync).WithName("getServer");
        servers.MapPut("/{id}", UpdateAsync).WithName("changeServer");
        servers.MapDelete("/{id}", DeleteAsync).WithName("removeServer");
        servers.MapServerChecks();
    }

    /// <summary>Add a server</summary>
    /// <remarks>Its credential is sealed and never shown again. The header <c>Idempotency-Key</c> makes sending the call again safe.</remarks>
    public static async Task<Results<Created<ServerResponse>, ConflictProblem>> CreateAsync(
        ServerRequest request, HttpContext context, ServerCatalog servers, ServerRules rules, ServerDirectory directory,
        KeyCatalog keys, IBroker broker, AuditTrail audit, Idempotency idempotency, TimeProvider time)
    {
        var cancel = context.RequestAborted;
        string id = JobId.New(time).ToString();
        string? key = Idempotency.KeyOf(context);
        if (key is not null)
        {
            (id, byte[]? first) = await idempotency.BeginAsync(key, FingerprintOf(request), id, cancel);
            if (first is not null)
                return Created(JsonSerializer.Deserialize(first, DroverJson.Api.ServerResponse)!);
        }

        var errors = new Errors();
        var record = await rules.BuildAsync(id, request, present: null, errors, cancel);
        errors.ThrowIfAny();
        ServerEntry entry;
        try
        {
            // A call that was cut off after this had created it: the key's second call finds it.
            entry = (key is null ? null : await servers.GetAsync(id, cancel)) ?? await servers.CreateAsync(id, request.Name!, record, cancel);
        }
        catch (CatalogConflictException)
        {
            return new ConflictProblem($"There is a server named '{request.Name}' already.");
        }

        await LimitAsync(broker, entry, cancel);
        await audit.RecordAsync(context.Caller(), "server.create", entry.Id, entry.Name);
        directory.Changed(EventKind.ServerChanged, entry.Id);
        var response = ServerViews.Server(entry, null, await keys.ListAsync(cancel));
        if (key is not null)
            await idempotency.CompleteAsync(key, JsonSerializer.SerializeToUtf8Bytes(response, DroverJson.Api.ServerResponse), cancel);
        return Created(response);
    }

    /// <summary>List servers</summary>
    public static async Task<Ok<ServerListResponse>> ListAsync(HttpContext context, ServerCatalog servers, KeyCatalog keys)
    {
        var cancel = context.RequestAborted;
        var (tag, text) = (Tag.Read(context), Q.Read(context));
        var found = (await servers.ReadAllAsync(cancel)).All.Where(s => (tag is null || s.Record.Tags.Contains(tag)) && (text is null || Mentions(s, text)));
        var (page, next) = NamePage.Of(found.OrderBy(s => s.Name, StringComparer.OrdinalIgnoreCase), s => s.Name, (int)(Limit.Read(context) ?? 50), Cursor.Read(context));
        var (statuses, allKeys) = (await servers.StatusesAsync(cancel), await keys.ListAsync(cancel));
        return TypedResults.Ok(new ServerListResponse
        {
            Items = [.. page.Select(s => ServerViews.Server(s, statuses.GetValueOrDefault(s.Id), allKeys))],
            NextCursor = next,
        });
    }

    /// <summary>Show a server</summary>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ServerResponse>, NotFoundProblem>> GetAsync(string id, HttpContext context, ServerCatalog servers, KeyCatalog keys) =>
        await servers.FindAsync(id, context.RequestAborted) is { } entry
            ? TypedResults.Ok(ServerViews.Server(entry, await servers.StatusAsync(entry.Id, context.RequestAborted), await keys.ListAsync(context.RequestAborted)))
            : Missing(id);

    /// <summary>Change a server</summary>
    /// <remarks>The body says all that the server is to be; only secrets and the trusted host key stay as they are when they are not given. Switched off (<c>is_active: false</c>) it takes no new jobs, and those that wait for it stay queued.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<Ok<ServerResponse>, NotFoundProblem, ConflictProblem>> UpdateAsync(
        string id, ServerRequest request, HttpContext context, ServerCatalog servers, ServerRules rules, ServerDirectory directory,
        KeyCatalog keys, IBroker broker, AuditTrail audit)
    {
        var cancel = context.RequestAborted;
        if (await servers.FindAsync(id, cancel) is not { } present)
            return Missing(id);
        var errors = new Errors();
        var record = await rules.BuildAsync(present.Id, request, present, errors, cancel);
        errors.ThrowIfAny();
        ServerEntry entry;
        try
        {
            entry = await servers.UpdateAsync(present with { Name = request.Name!, Record = record }, cancel);
        }
        catch (CatalogConflictException e)
        {
            return new ConflictProblem(e.NameTaken ? $"There is a server named '{request.Name}' already." : "Somebody else changed the server just now; look at it and send the change again.");
        }

        await LimitAsync(broker, entry, cancel);
        await audit.RecordAsync(context.Caller(), "server.update", entry.Id, entry.Name);
        directory.Changed(EventKind.ServerChanged, entry.Id);
        return TypedResults.Ok(ServerViews.Server(entry, await servers.StatusAsync(entry.Id, cancel), await keys.ListAsync(cancel)));
    }

    /// <summary>Remove a server</summary>
    /// <remarks>Refused while jobs for it have not finished, while other servers are reached through it, and while schedules run on it.</remarks>
    /// <param name="id">Its id or name.</param>
    public static async Task<Results<NoContent, NotFoundProblem, ConflictProblem>> DeleteAsync(
        string id, HttpContext context, ServerCatalog servers, ScheduleCatalog schedules, ServerDirectory directory, IBroker broker, AuditTrail audit)
    {
        var cancel = context.RequestAborted;
        if (await servers.FindAsync(id, cancel) is not { } entry)
            return Missing(id);
        if (entry.Record.Kind == ServerKind.Local)
            return new ConflictProblem("The server 'local' can be switched off, not removed.");
        var through = (await servers.AllAsync(cancel)).All.Where(s => s.Record.JumpServerId == entry.Id).Select(s => s.Name).ToList();
        if (through.Count > 0)
            return new ConflictProblem($"'{entry.Name}' is the way to {string.Join(", ", through)}; change these first.");
        var scheduled = (await schedules.ListAsync(cancel)).Where(s => s.Job.Shell?.ServerId == entry.Id).Select(s => s.Name).ToList();
        if (scheduled.Count > 0)
            return new ConflictProblem($"The schedules {string.Join(", ", scheduled)} run on '{entry.Name}'; change or remove these first.");
        var counts = await broker.CountAsync(new() { ServerId = entry.Id }, cancel);
        long unfinished = counts.Scheduled + counts.Queued + counts.Running + counts.Retrying;
        if (unfinished > 0)
            return new ConflictProblem($"{unfinished} jobs on '{entry.Name}' have not finished; wait for them or cancel them, or switch the server off.");
        if (!await servers.DeleteAsync(entry, cancel))
            return new ConflictProblem("Somebody else changed the server just now; look at it and try again.");
        await broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:" + entry.Id] = null }, cancel);
        await audit.RecordAsync(context.Caller(), "server.delete", entry.Id, entry.Name);
        directory.Changed(EventKind.ServerDeleted, entry.Id);
        return TypedResults.NoContent();
    }

    public static NotFoundProblem Missing(string id) => new($"There is no server '{id}'.");

    private static ValueTask LimitAsync(IBroker broker, ServerEntry entry, CancellationToken cancel) =>
        broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:" + entry.Id] = entry.Limit }, cancel);

    private static Created<ServerResponse> Created(ServerResponse response) => TypedResults.Created($"/api/v1/servers/{response.Id}", response);

    // Not even a digest of a secret is kept.
    private static string FingerprintOf(ServerRequest request) => Idempotency.Fingerprint("/api/v1/servers", JsonSerializer.SerializeToUtf8Bytes(
        request with
        {
            Password = request.Password is null ? null : "given",
            PrivateKey = request.PrivateKey is null ? null : "given",
            Passphrase = request.Passphrase is null ? null : "given",
        },
        DroverJson.Api.ServerRequest));

    private static bool Mentions(ServerEntry entry, string text) =>
        entry.Name.Contains(text, StringComparison.OrdinalIgnoreCase)
        || entry.Record.Hostname?.Contains(text, StringComparison.OrdinalIgnoreCase) == true
        || entry.Record.Tags.Any(t => t.Contains(text, StringComparison.OrdinalIgnoreCase));
}
