using Drover.Catalog;
using Drover.Server.Keys;
using Drover.Server.Servers;

namespace Drover.Server.Secrets;

/// <summary>Puts a new key into use and seals every stored secret with it.</summary>
internal sealed class SecretRotation(KeyRing ring, ServerCatalog servers, KeyCatalog keys) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Answers how many records were sealed anew. A secret that cannot be opened stays as it is.</summary>
    public async ValueTask<int> RunAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            ring.Rotate();
            int count = 0;
            foreach (var server in (await servers.AllAsync(cancel)).All)
                count += await RetryAsync(() => ResealServerAsync(server.Id, cancel)) ? 1 : 0;
            foreach (var key in await keys.ListAsync(cancel))
                count += await RetryAsync(() => ResealKeyAsync(key.Id, cancel)) ? 1 : 0;
            return count;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<bool> ResealServerAsync(string id, CancellationToken cancel)
    {
        if (await servers.GetAsync(id, cancel) is not { } entry)
            return false;
        var record = entry.Record with
        {
            Password = Reseal(ServerEntry.SecretOwner(id, "password"), entry.Record.Password),
            PrivateKey = Reseal(ServerEntry.SecretOwner(id, "private_key"), entry.Record.PrivateKey),
            Passphrase = Reseal(ServerEntry.SecretOwner(id, "passphrase"), entry.Record.Passphrase),
        };
        if (record == entry.Record)
            return false;
        await servers.UpdateAsync(entry with { Record = record }, cancel);
        return true;
    }

    private async Task<bool> ResealKeyAsync(string id, CancellationToken cancel)
    {
        if (await keys.GetAsync(id, cancel) is not { } entry)
            return false;
        var record = entry.Record with
        {
            PrivateKey = Reseal($"key:{id}:private_key", entry.Record.PrivateKey)!,
            Passphrase = Reseal($"key:{id}:passphrase", entry.Record.Passphrase),
        };
        if (record == entry.Record)
            return false;
        await keys.UpdateAsync(entry with { Record = record }, cancel);
        return true;
    }

    private string? Reseal(string owner, string? sealedSecret)
    {
        if (sealedSecret is null || ring.IsCurrent(sealedSecret))
            return sealedSecret;
        try
        {
            return ring.Seal(owner, ring.Open(owner, sealedSecret));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return sealedSecret;
        }
    }

    private static async Task<bool> RetryAsync(Func<Task<bool>> change)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return await change();
            }
            catch (CatalogConflictException) when (tries < 10)
            {
                // Somebody changed the record meanwhile; it is read and sealed again.
            }
        }
    }
}
