using Drover.Catalog;

namespace Drover.NetQueue;

/// <summary>What stands beside the jobs, which a queue server shares with admins: API servers need it and have no store.</summary>
/// <param name="Catalog">Servers, keys, sessions.</param>
/// <param name="Audit">Who changed what.</param>
public sealed record NetQueueCatalog(ICatalog Catalog, IAuditLog Audit);
