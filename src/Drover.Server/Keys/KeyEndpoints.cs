using System.Security.Cryptography;
using System.Text.Json;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Drover.Servers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Keys;

/// <summary>Uploaded private keys: what is known of them, never the keys.</summary>
internal static class KeyEndpoints
{
    private const long FormOverhead = 16 * 1024;

    public static void MapKeys(this IEndpointRouteBuilder api, ServerOptions options)
    {
        api.MapPost("/upload/pem", UploadAsync).WithName("uploadKey").WithTags("Keys")
            .WithMetadata(new BodyLimit(options.MaxUploadBytes + FormOverhead));
        var files = api.MapGroup("/files/pem").WithTags("Keys");
        files.MapGet("", ListAsync).WithName("listKeys");
        files.MapDelete("/{filename}", DeleteAsync).WithName("deleteKey");
        api.MapPost("/system/secrets/rotate", RotateAsync).WithName("rotateSecrets").WithTags("Keys");
    }

    /// <summary>Upload a private key</summary>
    /// <remarks>A form with the key in the field <c>file</c> (OpenSSH, PEM or PKCS#8), and optionally <c>filename</c>, the name to keep it under, and <c>passphrase</c>, which is then kept with it. It is checked to be a private key, sealed, and never shown again.</remarks>
    public static async Task<Results<Created<KeyResponse>, ConflictProblem, TooLargeProblem>> UploadAsync(
        HttpContext context, KeyCatalog keys, IKeyInspector inspector, ServerOptions options, AuditTrail audit, Idempotency idempotency, TimeProvider time)
    {
        var cancel = context.RequestAborted;
        var upload = await KeyUpload.ReadAsync(context.Request, options.MaxUploadBytes, cancel);
        if (!JobValidator.IsQueueName(upload.Filename) || upload.Filename[0] == '.')
            throw Errors.Of("filename", "Must be 1 to 100 letters, digits, '.', '_' or '-', and not begin with a dot.");
        var info = Inspect(upload, inspector);

        string id = JobId.New(time).ToString();
        string? idempotencyKey = Idempotency.KeyOf(context);
        if (idempotencyKey is not null)
        {
            // The public key's fingerprint stands for the content, so that no digest of the private one is kept.
            string fingerprint = Idempotency.Fingerprint("/api/v1/upload/pem", System.Text.Encoding.UTF8.GetBytes($"{upload.Filename}\n{info.Fingerprint}\n{upload.Content.Length}"));
            (id, byte[]? first) = await idempotency.BeginAsync(idempotencyKey, fingerprint, id, cancel);
            if (first is not null)
                return Created(JsonSerializer.Deserialize(first, DroverJson.Api.KeyResponse)!);
        }

        var record = new KeyRecord
        {
            PrivateKey = keys.Seal(id, upload.Content),
            Passphrase = upload.Passphrase is { } passphrase ? keys.SealPassphrase(id, passphrase) : null,
            Type = info.Type,
            Bits = info.Bits,
            Fingerprint = info.Fingerprint,
            Encrypted = info.Encrypted,
            CreatedAt = time.GetUtcNow(),
        };
        CryptographicOperations.ZeroMemory(upload.Content);
        KeyEntry entry;
        try
        {
            entry = (idempotencyKey is null ? null : await keys.GetAsync(id, cancel)) ?? await keys.CreateAsync(id, upload.Filename, record, cancel);
        }
        catch (CatalogConflictException)
        {
            return new ConflictProblem($"There is a key named '{upload.Filename}' already; delete it first or choose another name.");
        }

        await audit.RecordAsync(context.Caller(), "key.create", entry.Id, $"{entry.Name} {info.Fingerprint}");
        var response = View(entry, []);
        if (idempotencyKey is not null)
            await idempotency.CompleteAsync(idempotencyKey, JsonSerializer.SerializeToUtf8Bytes(response, DroverJson.Api.KeyResponse), cancel);
        return Created(response);
    }

    /// <summary>List uploaded keys</summary>
    public static async Task<Ok<KeyListResponse>> ListAsync(HttpContext context, KeyCatalog keys, ServerCatalog servers)
    {
        var all = (await servers.AllAsync(context.RequestAborted)).All;
        return TypedResults.Ok(new KeyListResponse { Items = [.. (await keys.ListAsync(context.RequestAborted)).Select(k => View(k, UsersOf(k, all)))] });
    }

    /// <summary>Delete an uploaded key</summary>
    /// <remarks>Refused while a server uses it.</remarks>
    /// <param name="filename">Its file name.</param>
    public static async Task<Results<NoContent, NotFoundProblem, ConflictProblem>> DeleteAsync(
        string filename, HttpContext context, KeyCatalog keys, ServerCatalog servers, AuditTrail audit)
    {
        if (await keys.FindAsync(filename, context.RequestAborted) is not { } entry)
            return new NotFoundProblem($"There is no key '{filename}'.");
        var users = UsersOf(entry, (await servers.AllAsync(context.RequestAborted)).All);
        if (users.Count > 0)
            return new ConflictProblem($"The key is used by {string.Join(", ", users)}; give these another one first.");
        if (!await keys.DeleteAsync(entry, context.RequestAborted))
            return new ConflictProblem("Somebody else changed the key just now; try again.");
        await audit.RecordAsync(context.Caller(), "key.delete", entry.Id, entry.Name);
        return TypedResults.NoContent();
    }

    /// <summary>Seal all secrets anew</summary>
    /// <remarks>Puts a new key of Drover's own into use and seals every stored secret with it. Old keys stay in the key ring, for backups that were sealed with them.</remarks>
    public static async Task<Ok<KeyRotationResponse>> RotateAsync(HttpContext context, Secrets.SecretRotation rotation, AuditTrail audit)
    {
        int count = await rotation.RunAsync(context.RequestAborted);
        await audit.RecordAsync(context.Caller(), "secrets.rotate", null, $"{count} records");
        return TypedResults.Ok(new KeyRotationResponse { Resealed = count });
    }

    private static KeyInfo Inspect(KeyUpload upload, IKeyInspector inspector)
    {
        try
        {
            var info = inspector.Inspect(upload.Content, upload.Passphrase);
            if (upload.Passphrase is not null && !info.Unlocked)
                throw Errors.Of("passphrase", "Does not fit the key.");
            return info;
        }
        catch (FormatException e)
        {
            throw Errors.Of("file", e.Message);
        }
    }

    private static List<string> UsersOf(KeyEntry key, IReadOnlyList<ServerEntry> servers) =>
        [.. servers.Where(s => s.Record.KeyId == key.Id).Select(s => s.Name)];

    private static Created<KeyResponse> Created(KeyResponse key) => TypedResults.Created("/api/v1/files/pem", key);

    private static KeyResponse View(KeyEntry entry, IReadOnlyList<string> usedBy) => new()
    {
        Filename = entry.Name,
        Type = entry.Record.Type,
        Bits = entry.Record.Bits,
        Fingerprint = entry.Record.Fingerprint,
        Encrypted = entry.Record.Encrypted,
        HasPassphrase = entry.Record.Passphrase is not null,
        CreatedAt = entry.Record.CreatedAt,
        UsedBy = usedBy,
    };
}
