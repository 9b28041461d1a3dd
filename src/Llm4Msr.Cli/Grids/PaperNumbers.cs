using Llm4Msr.Models;

namespace Llm4Msr.Cli.Grids;

/// <summary>A scenario of the paper's Table 1.</summary>
/// <param name="Sparsity">Share of interactions with label 0.</param>
internal sealed record PaperScenario(string Data, string Scenario, int Users, int Items, int Interactions, double Sparsity);

/// <summary>What the paper's tables say (Wang et al., 2024).</summary>
internal static class PaperNumbers
{
    private static readonly EnhancementKind[] s_enhancements = [EnhancementKind.None, EnhancementKind.DynamicNetwork, EnhancementKind.Epnet, EnhancementKind.Llm4msr];

    /// <summary>Table 1, in the order of Table 2's columns.</summary>
    public static readonly IReadOnlyList<PaperScenario> Scenarios =
    [
        new("KuaiSAR-small", "Rec", 25877, 2281034, 7493101, 0.5049),
        new("KuaiSAR-small", "Search", 25877, 1974165, 3038362, 0.8787),
        new("KuaiSAR", "Rec", 25877, 4046363, 14605712, 0.5040),
        new("KuaiSAR", "Search", 25877, 2974596, 4828690, 0.8788),
        new("Amazon", "Rec#1", 24752, 8788, 33929, 0.2150),
        new("Amazon", "Rec#2", 24752, 193304, 370840, 0.1961),
        new("Amazon", "Rec#3", 24752, 6980, 56356, 0.2067),
    ];

    /// <summary>Table 2: per backbone a row for each enhancement, a column for each scenario of Table 1.</summary>
    private static readonly Dictionary<BackboneKind, double[][]> s_auc = new()
    {
        [BackboneKind.Star] =
        [
            [0.7225, 0.6089, 0.7387, 0.6268, 0.6156, 0.6320, 0.6225],
            [0.7241, 0.6116, 0.7404, 0.6270, 0.6306, 0.6350, 0.6355],
            [0.7230, 0.6082, 0.7388, 0.6266, 0.6211, 0.6302, 0.6378],
            [0.7276, 0.6181, 0.7408, 0.6332, 0.8720, 0.6364, 0.7543],
        ],
        [BackboneKind.Omoe] =
        [
            [0.7241, 0.6163, 0.7394, 0.6310, 0.5995, 0.6043, 0.6252],
            [0.7249, 0.6183, 0.7402, 0.6319, 0.6027, 0.6171, 0.6289],
            [0.7246, 0.6179, 0.7392, 0.6330, 0.6143, 0.6176, 0.6312],
            [0.7265, 0.6186, 0.7413, 0.6332, 0.8182, 0.6180, 0.6823],
        ],
        [BackboneKind.Mmoe] =
        [
            [0.7235, 0.6150, 0.7392, 0.6313, 0.5907, 0.5999, 0.6032],
            [0.7246, 0.6164, 0.7394, 0.6330, 0.6310, 0.6201, 0.6371],
            [0.7245, 0.6178, 0.7397, 0.6326, 0.6218, 0.6221, 0.6315],
            [0.7264, 0.6166, 0.7410, 0.6341, 0.7860, 0.6222, 0.6854],
        ],
        [BackboneKind.Ple] =
        [
            [0.7249, 0.6149, 0.7396, 0.6313, 0.6059, 0.6127, 0.5995],
            [0.7258, 0.6165, 0.7400, 0.6333, 0.6066, 0.6195, 0.6162],
            [0.7252, 0.6184, 0.7402, 0.6339, 0.6173, 0.6229, 0.6263],
            [0.7269, 0.6184, 0.7408, 0.6343, 0.8265, 0.6250, 0.7074],
        ],
        [BackboneKind.Aitm] =
        [
            [0.7236, 0.6154, 0.7398, 0.6329, 0.6039, 0.6126, 0.6046],
            [0.7243, 0.6172, 0.7398, 0.6318, 0.6057, 0.6151, 0.6166],
            [0.7237, 0.6177, 0.7389, 0.6337, 0.6064, 0.6163, 0.6238],
            [0.7273, 0.6178, 0.7407, 0.6349, 0.8196, 0.6178, 0.7089],
        ],
        [BackboneKind.SharedBottom] =
        [
            [0.7228, 0.6169, 0.7389, 0.6321, 0.6073, 0.6077, 0.6268],
            [0.7250, 0.6176, 0.7396, 0.6323, 0.6081, 0.6253, 0.6294],
            [0.7243, 0.6182, 0.7392, 0.6331, 0.6268, 0.6174, 0.6233],
            [0.7269, 0.6182, 0.7400, 0.6341, 0.8323, 0.6262, 0.7182],
        ],
    };

    /// <summary>The enhancements of Table 2, in its order.</summary>
    public static IReadOnlyList<EnhancementKind> Enhancements => s_enhancements;

    /// <summary>The backbones of Table 2, in its order.</summary>
    public static IReadOnlyList<BackboneKind> Backbones => [.. s_auc.Keys];

    /// <summary>Table 2: AUC by scenario, in the order of <see cref="Scenarios"/>.</summary>
    public static IReadOnlyList<double> Auc(BackboneKind backbone, EnhancementKind enhancement) => s_auc[backbone][Array.IndexOf(s_enhancements, enhancement)];

    /// <summary>Table 3, with STAR on KuaiSAR-small: seconds of training and of inference.</summary>
    public static PaperTime Seconds(EnhancementKind enhancement) => enhancement switch
    {
        EnhancementKind.None => new(2.8e-2, 1.7e-2),
        EnhancementKind.DynamicNetwork or EnhancementKind.Epnet => new(2.9e-2, 1.7e-2),
        EnhancementKind.Llm4msr => new(1.5e-1, 5.2e-2),
        _ => throw new ArgumentOutOfRangeException(nameof(enhancement), enhancement, null),
    };

    /// <summary>By data set, how far an enhancement is ahead of its backbone in mean scenario AUC.</summary>
    public static IReadOnlyList<(string Data, double Gain)> Gains(BackboneKind backbone, EnhancementKind enhancement) =>
    [
        .. Scenarios.Select((scenario, k) => (scenario.Data, Gain: Auc(backbone, enhancement)[k] - Auc(backbone, EnhancementKind.None)[k]))
            .GroupBy(g => g.Data).Select(data => (data.Key, data.Average(g => g.Gain))),
    ];
}
