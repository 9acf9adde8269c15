using System.Text.Json.Serialization;
using Drover.Hosting;

namespace WebShop;

[JobKind("confirm-order")]
internal sealed record ConfirmOrder(int Order, string Email);

[JobKind("sales-report")]
internal sealed record SalesReport(int Orders);

[JobKind("nightly-cleanup")]
internal sealed record NightlyCleanup(int KeepDays);

internal sealed record Report(int Orders, decimal Turnover);

[JsonSerializable(typeof(ConfirmOrder))]
[JsonSerializable(typeof(SalesReport))]
[JsonSerializable(typeof(NightlyCleanup))]
[JsonSerializable(typeof(Report))]
internal sealed partial class ShopJson : JsonSerializerContext;
