use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
enum Thing {
    K0(Ship), K1(Ship), K2(Ship), K3(Ship), K4(Ship), K5(Ship), K6(Ship), K7(Ship),
    K8(Ship), K9(Ship), K10(Ship), K11(Ship), K12(Ship), K13(Ship), K14(Ship), K15(Ship),
    K16(Ship), K17(Ship), K18(Ship), K19(Ship), K20(Ship), K21(Ship), K22(Ship), K23(Ship),
    K24(Ship), K25(Ship), K26(Ship), K27(Ship), K28(Ship), K29(Ship), K30(Ship), K31(Ship),
    K32(Ship), K33(Ship), K34(Ship), K35(Ship), K36(Ship), K37(Ship), K38(Ship), K39(Ship),
    K40(Ship), K41(Ship), K42(Ship), K43(Ship), K44(Ship), K45(Ship), K46(Ship), K47(Ship),
    K48(Ship), K49(Ship), K50(Ship), K51(Ship), K52(Ship), K53(Ship), K54(Ship), K55(Ship),
    K56(Ship), K57(Ship), K58(Ship), K59(Ship), K60(Ship), K61(Ship), K62(Ship), K63(Ship),
    K64(Ship),
}

#[derive(Clone, Entity)]
struct Ship {
    hp: u8,
}

fn main() {}
